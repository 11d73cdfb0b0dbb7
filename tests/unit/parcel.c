#include "tests/unit/parcel.h"

#include "web/library/files/transit.h"

#include "common/base/log.h"

static const char poster_bytes[] = "\xFF\xD8\xFF\xE0\0\x10JFIF and more";
static const char storyboard_text[] =
    "WEBVTT\n\n00:00.000 --> 00:10.000\nstoryboard.jpg#xywh=0,0,160,90\n";
static const char waveform_text[] = "{\"version\":2,\"channels\":1,\"sample_rate\":8000,"
                                    "\"samples_per_pixel\":80,\"bits\":8,\"length\":1,"
                                    "\"data\":[ -3, 3 ]}";

static Digest parcel_digest_of(const void *bytes, size_t length)
{
    DigestState state;
    Digest digest;
    digest_init(&state, DIGEST_BLAKE2B);
    digest_update(&state, bytes, length);
    digest_final(&state, &digest);
    return digest;
}

void parcel_describe(Parcel *parcel)
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++) {
        Bytes bytes = parcel->files[i];
        parcel->result.files[i] = (TransferMade){0};
        if (bytes.data)
            parcel->result.files[i] =
                (TransferMade){true, (int64_t)bytes.size, parcel_digest_of(bytes.data, bytes.size)};
    }
}

void parcel_put(Parcel *parcel, TransferFile which, const void *data, size_t size)
{
    Bytes *bytes = &parcel->files[which];
    free(bytes->data);
    *bytes = (Bytes){base_calloc(size + 1, 1), size};
    memcpy(bytes->data, data, size);
    parcel_describe(parcel);
}

void parcel_put_text(Parcel *parcel, TransferFile which, const char *text)
{
    parcel_put(parcel, which, text, strlen(text));
}

void parcel_leave_out(Parcel *parcel, TransferFile which)
{
    free(parcel->files[which].data);
    parcel->files[which] = (Bytes){0};
    parcel_describe(parcel);
}

Parcel parcel_pack_claimed(Archive *archive, ArchiveVideo original)
{
    Parcel parcel = {.archive = archive,
                     .files = {[TRANSFER_VIDEO] = {archive_mp4(PARCEL_SIZE, 'v'), PARCEL_SIZE}},
                     .result = {.duration = 10,
                                .source_duration = 10.2,
                                .width = 1080,
                                .height = 1920,
                                .operation = "encode"},
                     .now = PARCEL_START};
    parcel.original = original;
    parcel.job = archive_claim(archive, PARCEL_START);
    parcel_put(&parcel, TRANSFER_POSTER, poster_bytes, sizeof poster_bytes);
    return parcel;
}

Parcel parcel_pack(Archive *archive)
{
    return parcel_pack_claimed(archive, archive_add_video(archive, PARCEL_START));
}

void parcel_unpack(Parcel *parcel)
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        free(parcel->files[i].data);
}

Parcel parcel_pack_all(Archive *archive)
{
    Parcel parcel = parcel_pack(archive);
    parcel_put(&parcel, TRANSFER_STORYBOARD, poster_bytes, sizeof poster_bytes);
    parcel_put_text(&parcel, TRANSFER_STORYBOARD_VTT, storyboard_text);
    base_copy(parcel.result.thumbhash, sizeof parcel.result.thumbhash,
              "3OcRJYB4d3h/iIeHeEh3eIhw+j3A");
    base_copy(parcel.result.captured_at, sizeof parcel.result.captured_at, "2024-02-29T23:59:59Z");
    base_copy(parcel.result.title, sizeof parcel.result.title, "The crack, \xC3\xA9");
    return parcel;
}

Parcel parcel_pack_sound(Archive *archive)
{
    Parcel parcel = parcel_pack(archive);
    parcel_leave_out(&parcel, TRANSFER_POSTER);
    memcpy(parcel.files[TRANSFER_VIDEO].data + 8, "M4A ", 4);
    parcel.files[TRANSFER_AUDIO] = parcel.files[TRANSFER_VIDEO];
    parcel.files[TRANSFER_VIDEO] = (Bytes){0};
    parcel_put_text(&parcel, TRANSFER_WAVEFORM, waveform_text);
    parcel.result.width = parcel.result.height = 0;
    return parcel;
}

bool parcel_put_file(Delivery *delivery, const Parcel *parcel, TransferFile which, Error *error)
{
    const Bytes *bytes = &parcel->files[which];
    return delivery_file_begin(delivery, which, "", error) &&
           delivery_append(delivery, bytes->data, bytes->size, error);
}

bool parcel_put_files(Delivery *delivery, const Parcel *parcel, Error *error)
{
    for (TransferFile i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (parcel->files[i].data && !parcel_put_file(delivery, parcel, i, error))
            return false;
    return true;
}

bool parcel_put_fields(Delivery *delivery, const Parcel *parcel, Error *error)
{
    _cleanup_json_ json_t *json = transfer_result_encode(&parcel->result);
    _cleanup_free_ char *metadata = json_print(json);
    return delivery_set(delivery, "log_entry_media_id", parcel->job.media_id, error) &&
           delivery_set(delivery, "job_id", parcel->job.job_id, error) &&
           delivery_set(delivery, "lease_token", parcel->job.lease_token, error) &&
           delivery_set(delivery, "metadata", metadata, error) &&
           delivery_set(delivery, "something_new", "ignored", error);
}

bool parcel_send(Parcel *parcel, Error *error)
{
    Delivery *delivery = delivery_begin(&parcel->archive->library, 10000, PARCEL_START, error);
    assert_non_null(delivery);
    bool good = parcel_put_fields(delivery, parcel, error) &&
                parcel_put_files(delivery, parcel, error) &&
                delivery_finish(delivery, parcel->now, &parcel->out, error);
    delivery_free(delivery);
    assert_int_equal(archive_count_staged(parcel->archive), 0);
    return good;
}

static void ignore_removal(void *context, const char *path)
{
    (void)context;
    (void)path;
}

void parcel_sweep(const Parcel *parcel)
{
    Error error = {0};
    TransitSweep round = {.removing = ignore_removal};
    bool more = true; /* a slow disk takes more than one slice of time */
    while (more)
        assert_true(transit_sweep(parcel->archive->library.transit, &round, &more, &error));
    assert_int_equal(archive_query(parcel->archive, "SELECT count(*) FROM transit"), 0);
}

ArchiveEnd parcel_expect_journal(const Parcel *parcel, DeliveryOutcome outcome)
{
    ArchiveEnd last = archive_delivery(parcel->archive, parcel->job.job_id);
    assert_string_equal(last.outcome, delivery_outcome_words[outcome]);
    return last;
}
