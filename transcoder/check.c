#include "transcoder/check.h"

#include "transcoder/encoder/encoder_limits.h"
#include "transcoder/scratch/scratch.h"
#include "transcoder/web_client/web_client.h"

static bool check_fault(FILE *out, const char *setting, const Error *error)
{
    fprintf(out, "%s: %s\n", setting, error->detail);
    return false;
}

static bool check_scratch(const Settings *settings, FILE *out)
{
    uint64_t space, wanted = (uint64_t)settings->min_free_space.number;
    Error error = {0};
    if (!scratch_check(settings->work_dir.text, &space, &error))
        return check_fault(out, "WORK_DIR", &error);
    if (space >= wanted)
        return true;
    error_set(&error, ERROR_NO_SPACE,
              "WORK_DIR has %llu MiB left, less than the %llu MiB of MIN_FREE_SPACE; no job would "
              "be claimed.",
              (unsigned long long)(space / MIB), (unsigned long long)(wanted / MIB));
    return check_fault(out, "MIN_FREE_SPACE", &error);
}

static bool check_web(const Settings *settings, FILE *out)
{
    _cleanup_web_client_ WebClient *client = NULL;
    Error error = {0};
    if (web_client_new(settings->web_service_url.text, settings->token.text, &client, &error) &&
        web_client_check(client, &error))
        return true;
    bool refused = error.code == ERROR_UNAUTHENTICATED || error.code == ERROR_FORBIDDEN;
    return check_fault(out, refused ? "TRANSCODING_UPLOAD_TOKEN" : "WEB_SERVICE_URL", &error);
}

bool check_run(const Settings *settings, const SandboxReport *sandbox, const EncoderPolicy *policy,
               FILE *out)
{
    fprintf(out, "%s\n", sandbox->text);
    bool scratch = check_scratch(settings, out);
    bool web = check_web(settings, out);
    encoder_limits_print(policy, out);
    bool good = scratch && web;
    if (good)
        fputs("Everything is in place.\n", out);
    return good;
}
