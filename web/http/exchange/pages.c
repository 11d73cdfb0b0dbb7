#include "web/http/exchange/pages.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "common/base/limits.h"

#ifndef MADV_POPULATE_READ /* Linux 5.14 */
#define MADV_POPULATE_READ 22
#endif

#define TRUSTED_MS    1000 /* pages that were in memory are not looked for again so soon */
#define PAGE_SIZE_MIN 4096
#define PAGES_MAGIC   0x50414745u /* "PAGE" */

struct Pages {
    unsigned magic;
    atomic_uint references;
    char *mapping; /* NULL for an empty file */
    uint64_t size;
    atomic_llong trusted_until_ms; /* of a file that is looked at in one go */
};

Pages *pages_open(StoredFile *owned, Error *error)
{
    _cleanup_stored_file_ StoredFile *content = owned;
    void *mapping = NULL;
    if (!stored_file_map(content, &mapping, error))
        return NULL;
    Pages *pages = NEW(Pages);
    pages->magic = PAGES_MAGIC;
    pages->mapping = mapping;
    pages->size = stored_file_size(content);
    atomic_init(&pages->references, 1);
    return pages;
}

Pages *pages_share(Pages *pages)
{
    atomic_fetch_add_explicit(&pages->references, 1, memory_order_relaxed);
    return pages;
}

void pages_release(Pages *pages)
{
    if (!pages || atomic_fetch_sub(&pages->references, 1) > 1)
        return;
    REQUIRE(pages->magic == PAGES_MAGIC);
    if (pages->mapping)
        REQUIRE(munmap(pages->mapping, pages->size) == 0);
    pages->magic = 0;
    free(pages);
}

uint64_t pages_size(const Pages *pages)
{
    return pages->size;
}

static uint64_t pages_step(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

size_t pages_ready(Pages *pages, uint64_t offset, uint64_t length, int64_t now_ms)
{
    unsigned char present[HTTP_SEND_WINDOW / PAGE_SIZE_MIN + 1];
    size_t wanted = (size_t)MIN_OF(length, (uint64_t)HTTP_SEND_WINDOW);
    bool small = pages->size <= HTTP_SEND_WINDOW;
    if (small && now_ms < atomic_load_explicit(&pages->trusted_until_ms, memory_order_relaxed))
        return wanted;
    uint64_t step = pages_step(), first = offset - offset % step;
    size_t span = (size_t)(offset - first) + wanted, count = (span + step - 1) / step, i = 0;
    if (mincore(pages->mapping + first, span, present) < 0)
        return wanted; /* it cannot be known, so it is not waited for */
    while (i < count && present[i] & 1)
        i++;
    if (i < count)
        return i == 0 ? 0 : (size_t)(i * step - (offset - first));
    if (small && offset == 0 && length == pages->size)
        atomic_store_explicit(&pages->trusted_until_ms, now_ms + TRUSTED_MS, memory_order_relaxed);
    return wanted;
}

/* The second call only asks for what comes next. An error is met again by who sends the page, and
 * told there; so is a kernel that does not know the first call. */
void pages_read(Pages *pages, uint64_t offset)
{
    uint64_t step = pages_step(), first = offset - offset % step;
    uint64_t end = MIN_OF(first + HTTP_SEND_WINDOW, pages->size);
    uint64_t next = end - end % step, next_end = MIN_OF(end + HTTP_SEND_WINDOW, pages->size);
    while (madvise(pages->mapping + first, end - first, MADV_POPULATE_READ) < 0 && errno == EINTR)
        ;
    if (next_end > end)
        madvise(pages->mapping + next, next_end - next, MADV_WILLNEED);
}

const char *pages_at(const Pages *pages, uint64_t offset)
{
    return pages->mapping + offset;
}
