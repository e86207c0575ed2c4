/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file, by the option table itself: the INI reader, the options and what they say
 * of each other, and the values printed.  It lies in memory; loading goes by its descriptor. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ini.h"
#include "cmd/config.h"
#include "tests/fuzz/fuzz.h"

static void parse(const uint8_t *data, size_t size)
{
    struct ini *ini = NULL;
    struct error error = { 0 };
    int status = ini_parse((const char *)data, size, "fuzz", &ini, &error);

    fuzz_must(status == 0 || error.message[0]);
    for (size_t i = 0; status == 0 && i < ini_count(ini); i++)
        fuzz_must(ini_entry(ini, i)->section && ini_entry(ini, i)->name &&
                  ini_entry(ini, i)->value);
    ini_free(ini);
}

static void load(const char *path)
{
    static struct config config;
    struct error error = { 0 };
    FILE *out;

    if (config_load(path, &config, &error)) {
        fuzz_must(error.message[0]);
        return;
    }
    out = fopen("/dev/null", "we");
    fuzz_must(out != NULL);
    config_print_values(&config, out);
    fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("larder.conf", MFD_CLOEXEC);
    char path[64];

    parse(data, size);
    fuzz_must(fd >= 0 && fchmod(fd, 0600) == 0);
    fuzz_must(write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    load(path);
    close(fd);
    return 0;
}
