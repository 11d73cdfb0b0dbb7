#include "tests/unit/moments.h"

#include "tests/unit/encoded.h"

void moment_colour(Moment moment, int x, int y, int rgb[3])
{
    _cleanup_free_ char *text = encoded_run(
        "ffmpeg -v error -ss %f -i '%s' -map 0:v:0 -frames:v 1 -vf "
        "scale=in_color_matrix=auto:flags=accurate_rnd,format=rgb24,crop=1:1:%d:%d -f rawvideo - | "
        "od -An -tu1",
        moment.second, moment.path, x, y);
    if (sscanf(text, "%d %d %d", &rgb[0], &rgb[1], &rgb[2]) != 3)
        fail_msg("%s shows nothing at %f s", moment.path, moment.second);
}

int moment_brightness(Moment moment, int x, int y)
{
    int rgb[3];
    moment_colour(moment, x, y, rgb);
    return (rgb[0] + rgb[1] + rgb[2]) / 3;
}

double moment_tone(Moment moment, int hertz)
{
    _cleanup_free_ char *text =
        encoded_run("ffmpeg -v info -ss %f -t 0.1 -i '%s' -map 0:a:0 -af "
                    "'aformat=channel_layouts=mono,bandpass=f=%d:width_type=q:w=4,bandpass=f=%d:"
                    "width_type=q:w=4,volumedetect' -f null - 2>&1",
                    moment.second, moment.path, hertz, hertz);
    const char *found = strstr(text, "mean_volume: ");
    return found ? strtod(found + strlen("mean_volume: "), NULL) : -91;
}
