/*
 * Every ceiling in one place: what grows, how far, in which unit, and why there. Beyond one of
 * these is an error, never a silent truncation. What an operator may want to change is a setting
 * instead (common/settings/settings.h).
 */
#pragma once

/* errors */
#define ERROR_FIELDS_MAX 10 /* fields of the largest form, the delivery */

/* names (docs/volume.md) */
#define COLLECTION_NAME_MAX 40   /* bytes */
#define ENTRY_NAME_MAX      64   /* bytes */
#define FILE_NAME_MAX       100  /* bytes of {name}; with the id it stays far below NAME_MAX */
#define MEDIA_PATH_MAX      300  /* bytes of collection/entry/uuid-stem-poster.jpg */
#define CAPTION_MAX         2000 /* bytes of UTF-8 */

/* HTTP, per request */
#define HTTP_TARGET_MAX       4096       /* bytes of the request target; longer is 414 */
#define HTTP_HEADER_COUNT_MAX 100        /* fields; browsers send about 15 */
#define HTTP_SMALL_BODY_MAX   65536      /* bytes of a JSON body */
#define HTTP_HEAD_MAX         32768      /* bytes of a request's head; longer is 431 */
#define HTTP_HEAD_READ        4096       /* bytes read at once while a head is expected */
#define HTTP_ANSWER_HEAD_MAX  8192       /* bytes of an answer's head; ours have about 700 */
#define HTTP_STREAM_BLOCK     262144     /* bytes of a body collected before a worker is woken */
#define HTTP_SEND_WINDOW      1048576    /* bytes of a file looked at, and sent, at once */
#define HTTP_LINGER_BYTES     (64 << 20) /* drained after a refusal, so that the client can read it */
#define CHUNKED_EXTRA_MAX     8192       /* bytes of a body's chunk extensions and trailers */
#define HTTP_LINGER_SECONDS   10
#define HTTP_HEADER_SECONDS   30 /* from the first line of a request to the end of its header */
#define HTTP_LINGERERS_MAX                                                                         \
    256 /* refused connections drained per loop; beyond it they are closed at once */
#define HTTP_IDLE_SECONDS 60 /* silence on a connection */
#define HTTP_BODY_RATE_MIN                                                                         \
    1024 /* bytes a second over HTTP_BODY_RATE_SECONDS; slower is an attack */
#define HTTP_BODY_RATE_SECONDS 30
#define HTTP_BODY_SECONDS_MAX  86400 /* all that was announced; 4 GiB want 0.4 Mbit a second */
#define MULTIPART_PREAMBLE_MAX 4096  /* bytes before a form's first boundary: a few lines */
#define MULTIPART_PARTS_MAX    16    /* the largest form has ten */
#define MULTIPART_HEADER_MAX                                                                       \
    16384 /* bytes of one part's header: a file name of 4,000 characters, encoded, fits */
#define MULTIPART_FIELD_MAX    16384 /* bytes of one plain field */
#define MULTIPART_BOUNDARY_MAX 70    /* characters, RFC 2046 §5.1.1 */

#define HTTP_PROBLEM_FIELDS_MAX 4    /* header fields that a handler adds to a problem answer */
#define HTTP_FORWARDED_MAX      2048 /* bytes of X-Forwarded-For; a chain of 40 proxies */

/* HTTP, per process */
#define HTTP_CONNECTIONS_MAX                                                                       \
    4096 /* sockets; each costs some 6 KiB while a request is under way                            \
          */
#define HTTP_LONG_HEADS_MAX (8 << 20) /* bytes of input kept beyond HTTP_HEAD_READ of each */
#define HTTP_GIVING_WAY_MAX 64 /* sockets beyond it, while others are being closed for them */
#define HTTP_READ_RATE_MIN                                                                         \
    16384 /* bytes a second; who reads an answer slower gives way when there are too many */
#define HTTP_READ_RATE_MS                1000 /* that are measured at least, and ten times that at most */
#define HTTP_CONNECTIONS_PER_ADDRESS_MAX 1024 /* a proxy in front is one address */
/* Blocks of HTTP_STREAM_BLOCK for all bodies under way, 16 MiB: what an upload costs beside them
 * are the 6 KiB of its request. A body of JSON may take HTTP_SMALL_BODY_MAX, but only from who has
 * the token. */
#define HTTP_STREAM_BLOCKS        64
#define HTTP_LOOPS_MAX            16   /* threads; one per core */
#define NETWORKS_MAX              32   /* addresses and networks of proxies to be trusted */
#define HTTP_API_WORKERS          4    /* threads; they wait for the database at most */
#define HTTP_TRANSFER_WORKERS_MIN 8    /* threads: fsync waits, it does not compute; or 2 a core */
#define HTTP_MEDIA_WORKERS        4    /* threads that map files for the caches of the loops */
#define HTTP_PAGES_WORKERS        4    /* threads that wait for pages which are not in memory */
#define HTTP_CHILDREN_WORKERS     4    /* threads that wait for children and sync what these saw */
#define HTTP_WORK_QUEUE_MAX       1024 /* requests waiting for a worker; beyond it 503 */
#define MEDIA_CACHE_ENTRIES_MAX   2048 /* mapped files per loop */
#define MEDIA_CACHE_BYTES_MAX     (8ull << 30) /* address space per loop, not memory */

/* access */
#define RATE_ADDRESSES_MAX  8192  /* addresses counted at once, 40 bytes each */
#define RATE_TELL_MS        60000 /* between two lines of the log about refusals of one kind */
#define RATE_UPLOAD_MINUTES 4     /* of UPLOADS_PER_MINUTE may come at once */
#define ACCESS_ANNOUNCED_MAX                                                                       \
    (64ull << 30) /* bytes announced at once by one address: sixteen of the largest videos */
#define RATE_GUESSES      20     /* wrong tokens from an address at once; typing errors are fewer */
#define RATE_GUESS_MS     1000   /* until the next one, doubled with each … */
#define RATE_GUESS_MS_MAX 300000 /* … up to here */

/* store */
#define STORE_QUEUE_MAX   1024 /* writes waiting for the writer */
#define STORE_BATCH_MAX   64   /* writes sharing one commit */
#define STORE_READERS_MAX 32   /* connections, one per thread that reads at once */

/* jobs */
#define CLAIM_WAIT_SECONDS_MAX 25   /* a claim waits no longer: proxies cut at 30 */
#define CLAIM_WAITERS_MAX      1024 /* transcoders waiting at once */
#define QUEUE_POSITION_MAX     100  /* a place behind it is not counted: people ask often */
#define WORKER_NAME_MAX        100  /* bytes */
#define STAGE_NAME_MAX         40   /* bytes */
#define JOB_EXPECTED_MS_MAX                                                                        \
    3600000               /* a job is overtaken by shorter ones for no longer: an hour             \
                           */
#define JOB_ERROR_MAX 400 /* bytes of the sentence shown to the volunteer */

/* transfer */
#define TRANSFER_JSON_MAX        65536 /* bytes of any JSON answer or field between the programs */
#define TRANSFER_POSTER_MAX      (8 << 20)   /* bytes; a 1280 pixel JPEG has 300 KB */
#define TRANSFER_TEXT_MAX        (256 << 10) /* bytes of a result's text files */
#define STORYBOARD_CUES_MAX      200         /* tiles; one for each hundredth, and some to spare */
#define WAVEFORM_PAIRS_MAX       4096        /* peaks; a page draws some hundreds */
#define TRANSFER_THUMBHASH_MAX   40          /* characters: 25 bytes in base64 */
#define TRANSFER_CAPTURED_AT_MAX 30          /* characters of a time to the second */
#define TRANSFER_TITLE_MAX       200         /* bytes */
#define TRANSFER_OUTLAST_SECONDS 900         /* how long web may be away before a delivery pauses */
#define TRANSFER_BACKOFF_MAX     60          /* seconds between two tries */

/* decoder and housekeeper */
#define DECODER_VERIFY_MAX  2   /* results played at once: a child may take much memory */
#define DECODER_WAITING_MAX 16  /* results that wait for that; each may take four minutes */
#define TRANSIT_SLICE_FILES 64  /* files looked at before leases are looked after again */
#define TRANSIT_SLICE_MS    200 /* the same, where the disk is slow */

/* metrics */
#define METRIC_ROUTES_MAX 64 /* names of routes; there are about 15 */
#define METRIC_WORDS_MAX  8  /* states of a job, pools of workers */
#define METRIC_SLOTS      64 /* threads that count without sharing; 20 KiB each, once used */
#define METRIC_TEXT_MAX                                                                            \
    (1 << 20) /* bytes of /metrics; each route with each status takes 160 KB                       \
               */

/* log and settings */
#define LOG_QUEUE_MAX     4096  /* lines waiting for a reader that stalls */
#define LOG_LINE_MAX      8192  /* bytes */
#define SETTING_VALUE_MAX 4096  /* bytes */
#define ENV_FILE_MAX      65536 /* bytes */
#define TOKEN_LENGTH_MIN  32    /* bytes of the shared secret */

/* encoder child */
#define ENCODER_MESSAGE_MAX 65536 /* bytes of one status line */
