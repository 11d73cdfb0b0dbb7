/* reelkeep-web: its commands, its libraries, and where its files are. */
#include "common/base/digest.h"
#include "common/base/json.h"
#include "web/commands/command.h"
#include "web/decoder/child/decoder_child.h"
#include "web/storage/volume/root.h"
#include "web/store/store.h"

static const ProgramCommand *const commands[] = {&command_serve, &command_check, NULL};

static void web_print_libraries(FILE *out)
{
    fprintf(out, "SQLite %s\n", store_library_version());
    digest_print_libraries(out);
    fprintf(out, "jansson %s\n", jansson_version_str());
    fprintf(out, "FFmpeg %s\n", decoder_child_library());
}

/* The volume that is meant. */
static bool web_choose_volume(Settings *settings, const SettingsSource *environment, Error *error)
{
    char root[SETTING_VALUE_MAX];
    if (!root_choose(settings->media_root.text, environment, root, sizeof root, error))
        return false;
    REQUIRE(base_copy(settings->media_root.text, sizeof settings->media_root.text, root));
    return true;
}

int main(int argc, char **argv)
{
    const Program program = {.name = "reelkeep-web",
                             .settings = SETTING_WEB,
                             .commands = commands,
                             .child_tasks = decoder_child_tasks,
                             .print_libraries = web_print_libraries,
                             .complete = web_choose_volume};
    return program_main(&program, argc, argv);
}
