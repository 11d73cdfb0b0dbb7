#include "web/library/results/delivery_part.h"

#include <strings.h>

#include "web/library/results/storyboard.h"
#include "web/library/results/waveform.h"

static bool is_text(TransferFile which)
{
    return which == TRANSFER_STORYBOARD_VTT || which == TRANSFER_WAVEFORM;
}

/* Nothing, bytes of any kind, or what the file has to be (RFC 9110 §8.3.1). */
static bool may_be(const TransferFileKind *kind, const char *content_type)
{
    size_t length = strcspn(content_type, "; \t");
    return length == 0 || strncasecmp(content_type, kind->family, strlen(kind->family)) == 0 ||
           (length == strlen("application/octet-stream") &&
            strncasecmp(content_type, "application/octet-stream", length) == 0);
}

bool delivery_part_begin(DeliveryPart *part, TransferFile which, const char *content_type,
                         Reservation *room, Error *error)
{
    const TransferFileKind *kind = &transfer_file_kinds[which];
    if (part->present)
        return error_add_field(error, ERROR_INVALID, kind->field, "There is more than one %s.",
                               kind->field);
    if (!may_be(kind, content_type))
        return error_add_field(error, ERROR_INVALID, kind->field,
                               "The file %s is announced as %.60s, which it cannot be.",
                               kind->field, content_type);
    part->which = which;
    part->text = BUFFER(TRANSFER_TEXT_MAX);
    if (!is_text(which))
        part->staging = staging_new(room, error);
    part->present = is_text(which) || part->staging;
    return part->present;
}

static uint64_t size_of(const DeliveryPart *part)
{
    return part->staging ? staging_size(part->staging) : part->text.length;
}

bool delivery_part_append(DeliveryPart *part, const void *bytes, size_t length, Error *error)
{
    const TransferFileKind *kind = &transfer_file_kinds[part->which];
    size_t kept = MIN_OF(MEDIA_TYPE_HEAD - part->head_length, length);
    memcpy(part->head + part->head_length, bytes, kept);
    part->head_length += kept;
    if (size_of(part) + length > (uint64_t)kind->size_max)
        return error_add_field(error, ERROR_TOO_LARGE, kind->field,
                               "The file %s is larger than %lld KiB.", kind->field,
                               (long long)(kind->size_max / (int64_t)KIB));
    if (part->staging)
        return staging_append(part->staging, bytes, length, error);
    REQUIRE(buffer_append(&part->text, bytes, length));
    return true;
}

static Digest digest_of(const Buffer *text)
{
    DigestState state;
    Digest digest;
    digest_init(&state, DIGEST_BLAKE2B);
    digest_update(&state, text->data, text->length);
    digest_final(&state, &digest);
    return digest;
}

bool delivery_part_finish(DeliveryPart *part, ReceivedFile *out, Error *error)
{
    *out = (ReceivedFile){.present = part->present, .size = part->present ? size_of(part) : 0};
    if (part->staging) {
        out->type = media_type_detect(part->head, part->head_length);
        return staging_finish(part->staging, &out->digest, error);
    }
    out->digest = digest_of(&part->text);
    return true;
}

static bool rewrite(const DeliveryPart *part, const char *sprite, Buffer *out, Error *error)
{
    Error found = {0};
    bool good = part->which == TRANSFER_WAVEFORM
                    ? waveform_rewrite(&part->text, out, &found)
                    : storyboard_rewrite(&part->text, sprite, out, &found);
    return good || error_add_field(error, ERROR_INVALID, transfer_file_kinds[part->which].field,
                                   "%s", found.detail);
}

bool delivery_part_rewrite(DeliveryPart *part, const char *sprite, Reservation *room, FileRow *file,
                           Error *error)
{
    _cleanup_buffer_ Buffer text = BUFFER(TRANSFER_TEXT_MAX);
    if (!part->present || part->staging)
        return true;
    if (!rewrite(part, sprite, &text, error))
        return false;
    part->staging = staging_new(room, error);
    if (!part->staging || !staging_append(part->staging, text.data, text.length, error) ||
        !staging_finish(part->staging, &file->blake2b, error))
        return false;
    file->size = (int64_t)text.length;
    return true;
}

void delivery_part_release(DeliveryPart *part)
{
    staging_free(part->staging);
    buffer_release(&part->text);
}
