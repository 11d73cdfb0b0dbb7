#include "tests/story/made_media.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#define ARGUMENTS_MAX 40

#define PICTURE(size, seconds)                                                                     \
    "-f", "lavfi", "-i", "testsrc2=size=" size ":rate=25:duration=" seconds
#define SOUND(seconds) "-f", "lavfi", "-i", "sine=frequency=440:duration=" seconds

static const struct {
    const char *name;
    const char *arguments[ARGUMENTS_MAX];
} recipes[MADE_COUNT] = {
    [MADE_VIDEO] = {"video.mp4",
                    {PICTURE("320x240", "2"), SOUND("2"), "-c:v", "mpeg4", "-q:v", "5", "-c:a",
                     "aac"}},
    [MADE_READY] = {"ready.mp4",
                    {PICTURE("320x240", "2"), SOUND("2"), "-c:v", "libx264", "-pix_fmt", "yuv420p",
                     "-c:a", "aac"}},
    [MADE_SLOW_VIDEO] = {"slow.mp4",
                         {PICTURE("1280x720", "20"), SOUND("20"), "-c:v", "mpeg4", "-q:v", "6",
                          "-c:a", "aac"}},
    [MADE_POSTER] = {"poster.jpg", {PICTURE("320x240", "1"), "-frames:v", "1"}},
    [MADE_PHOTO] = {"photo.png", {PICTURE("64x64", "1"), "-frames:v", "1"}},
    [MADE_SOUND] = {"sound.mp4", {SOUND("2"), "-c:a", "aac"}},
    [MADE_RECORDING] = {"recording.mp3", {SOUND("1"), "-c:a", "libmp3lame"}},
};

static char paths[MADE_COUNT][PATH_MAX];

/* Under another name first: a test of another build may be making the same. */
static bool make(const char *const *recipe, const char *path)
{
    const char *arguments[ARGUMENTS_MAX + 8] = {"ffmpeg", "-nostdin", "-v", "error", "-y"};
    char fresh[PATH_MAX];
    size_t count = 5;
    const char *suffix = strrchr(path, '.');
    REQUIRE((size_t)snprintf(fresh, sizeof fresh, "%.*s-%d%s", (int)(suffix - path), path, getpid(),
                             suffix) < sizeof fresh);
    for (size_t i = 0; recipe[i]; i++)
        arguments[count++] = recipe[i];
    arguments[count] = fresh;
    return story_command(arguments, NULL) == 0 && rename(fresh, path) == 0;
}

/* Older versions write the matrix from a tag, newer ones take it as an option of the input. */
static bool make_rotated(const char *path)
{
    const char *ready = made_media(MADE_READY);
    const char *const older[] = {"-i", ready, "-c", "copy", "-metadata:s:v", "rotate=90", NULL};
    const char *const newer[] = {"-display_rotation", "90", "-i", ready, "-c", "copy", NULL};
    if (make(newer, path))
        return true;
    return make(older, path);
}

const char *made_media(MadeMedia kind)
{
    char folder[PATH_MAX - 64];
    char *path = paths[kind];
    if (*path)
        return path;
    story_build_path("made-media", folder, sizeof folder);
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        fail_msg("%s cannot be made: %s", folder, strerror(errno));
    snprintf(path, sizeof paths[kind], "%s/%s", folder,
             kind == MADE_ROTATED ? "rotated.mp4" : recipes[kind].name);
    if (access(path, R_OK) == 0)
        return path;
    if (!(kind == MADE_ROTATED ? make_rotated(path) : make(recipes[kind].arguments, path)))
        fail_msg("ffmpeg could not make %s", path);
    return path;
}

bool corpus_media(const char *name, char *path, size_t size)
{
    const char *corpus = getenv("REELKEEP_CORPUS");
    snprintf(path, size, "%s/%s", corpus && *corpus ? corpus : "../shared/corpus", name);
    return access(path, R_OK) == 0;
}

char *probe_media(const char *path, const char *stream, const char *entry)
{
    char output[] = "/tmp/reelkeep-probe-XXXXXX";
    const char *arguments[] = {
        "ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", entry, "-of",
        "csv=p=0", path, NULL};
    _cleanup_close_ int fd = mkstemp(output);
    REQUIRE(fd >= 0);
    int status = story_command(arguments, output);
    char *text = status == 0 ? story_read_file(output, NULL) : NULL;
    unlink(output);
    if (text)
        text[strcspn(text, "\n")] = '\0';
    return text ? text : base_strdup("");
}

double probe_duration(const char *path)
{
    _cleanup_free_ char *text = probe_media(path, "v:0", "format=duration");
    return strtod(text, NULL);
}
