/* SPDX-License-Identifier: Apache-2.0 */
/* larder-manage: its sub-commands as a table. */
#include "cmd/manage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/arguments.h"

static int complain(const struct error *error)
{
    fprintf(stderr, "larder-manage: %s\n", error->message);
    return EXIT_FAILURE;
}

/* ---- db ---- */

DEFINE_CLEANUP(database, struct database *, database_close);
#define auto_database __attribute__((cleanup(database_cleanup))) struct database

static int on_database(const char *path, int (*work)(struct store *store, struct error *error))
{
    struct config config;
    auto_database *database = NULL;
    auto_store *store = NULL;
    struct error error = { 0 };
    int status = config_load(path, &config, &error);

    if (status >= 0)
        status = database_open(&config.database, &database, &error);
    if (status >= 0)
        status = store_borrow(database, &store, &error);
    if (status >= 0)
        status = work(store, &error);
    explicit_bzero(&config, sizeof(config));
    return status < 0 ? complain(&error) : EXIT_SUCCESS;
}

static int print_version(struct store *store, struct error *error)
{
    int version;
    int status = schema_version(store, &version, error);

    if (status >= 0)
        printf("%d\n", version);
    return status;
}

static int sync_and_print(struct store *store, struct error *error)
{
    int status = schema_sync(store, error);

    return status < 0 ? status : print_version(store, error);
}

static int db_sync(const char *path)
{
    return on_database(path, sync_and_print);
}

static int db_version(const char *path)
{
    return on_database(path, print_version);
}

/* ---- key ---- */

static int key_create(const char *path)
{
    struct config config;
    struct error error = { 0 };
    int status = config_load(path, &config, &error);

    if (status >= 0)
        status = seal_key_create(config.bootstrap.key_file, &error);
    if (status >= 0)
        printf("made %s: give it to the user that larderd runs as, and to every other larderd\n",
               config.bootstrap.key_file);
    explicit_bzero(&config, sizeof(config));
    return status < 0 ? complain(&error) : EXIT_SUCCESS;
}

/* ---- remove ---- */

static struct {
    bool dry_run, yes;
} asked; /* for remove alone */

static int remove_or_tell(const char *path)
{
    struct error error = { 0 };

    if (asked.dry_run != asked.yes)
        return manage_remove(path, asked.yes);
    error_set(&error, -EINVAL, "remove: say --dry-run to be told what would be done, or --yes to "
              "have it done");
    return complain(&error);
}

/* ---- command line ---- */

static const struct command {
    const char *words[2];
    int (*run)(const char *path);
    int (*run_on)(const char *path, const char *file); /* instead: FILE follows the words */
    const char *help;
} commands[] = {
    { { "db", "sync" }, db_sync, NULL, "bring the database schema to the newest version" },
    { { "db", "version" }, db_version, NULL, "print the version of the database schema" },
    { { "key", "create" }, key_create, NULL,
      "make the file with the key that seals transfer keys" },
    { { "import", "gnocchi" }, manage_import_gnocchi, NULL,
      "take in the instances that Gnocchi remembers; goes on where it ended" },
    { { "import", "nova" }, manage_import_nova, NULL,
      "take in the servers that Nova remembers, deleted ones too" },
    { { "import", "csv" }, NULL, manage_import_csv,
      "take in instances from FILE; its first line names the columns" },
    { { "check", NULL }, manage_check, NULL,
      "look at all that larderd needs; exit 0: well, 1: warnings, 2: failures" },
    { { "remove", NULL }, remove_or_tell, NULL,
      "--dry-run: say what is in the pools; --yes: empty them, before Larder is taken away" },
};

static int print_usage(FILE *out)
{
    fputs("usage: larder-manage [--config-file FILE] COMMAND\n"
          "  --config-file FILE  the configuration (default: " CONFIG_PATH ")\n"
          "commands:\n", out);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        fprintf(out, "  %s %-*s%-5s %s\n", commands[i].words[0],
                15 - (int)strlen(commands[i].words[0]),
                commands[i].words[1] ? commands[i].words[1] : "", commands[i].run_on ? "FILE" : "",
                commands[i].help);
    return out == stdout ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int words_of(const struct command *command)
{
    return 1 + (command->words[1] != NULL) + (command->run_on != NULL);
}

static const struct command *find_command(int words, char **argv)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        const struct command *command = &commands[i];

        if (words == words_of(command) && text_equal(command->words[0], argv[1]) &&
            (!command->words[1] || text_equal(command->words[1], argv[2])))
            return command;
    }
    return NULL;
}

int manage_main(int argc, char **argv)
{
    const char *path = CONFIG_PATH;
    bool help = false;
    const struct argument table[] = { { "config-file", NULL, &path }, { "help", &help, NULL },
                                      { "dry-run", &asked.dry_run, NULL },
                                      { "yes", &asked.yes, NULL } };
    const struct command *command;
    struct error error = { 0 };
    int words;

    if (arguments_read(table, ARRAY_SIZE(table), argc, argv, &words, &error) < 0)
        return complain(&error);
    if (help)
        return print_usage(stdout);
    command = find_command(words, argv);
    if (!command || ((asked.dry_run || asked.yes) && command->run != remove_or_tell))
        return print_usage(stderr);
    return command->run_on ? command->run_on(path, argv[3]) : command->run(path);
}
