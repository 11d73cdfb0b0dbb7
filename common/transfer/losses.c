#include "common/transfer/losses.h"

const char *const transfer_loss_words[TRANSFER_LOSS_COUNT] = {
#define X(id, word) [id] = word,
    TRANSFER_LOSSES(X)
#undef X
};

static TransferLosses losses_of_word(const char *word, size_t length)
{
    for (TransferLoss i = 0; i < TRANSFER_LOSS_COUNT; i++)
        if (strlen(transfer_loss_words[i]) == length &&
            memcmp(transfer_loss_words[i], word, length) == 0)
            return LOSSES(i);
    return LOSSES(LOSS_PART);
}

json_t *transfer_losses_encode(TransferLosses losses)
{
    json_t *value = json_array();
    for (TransferLoss i = 0; i < TRANSFER_LOSS_COUNT; i++)
        if (losses & LOSSES(i))
            json_array_append_new(value, json_string(transfer_loss_words[i]));
    return value;
}

TransferLosses transfer_losses_decode(const json_t *value)
{
    TransferLosses losses = json_is_array(value) ? 0 : LOSSES(LOSS_PART);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *word = json_string_value(json_array_get(value, i));
        losses |= losses_of_word(word ? word : "", word ? strlen(word) : 0);
    }
    return losses;
}

void transfer_losses_format(TransferLosses losses, char out[TRANSFER_LOSSES_TEXT_MAX + 1])
{
    size_t length = 0;
    out[0] = '\0';
    for (TransferLoss i = 0; i < TRANSFER_LOSS_COUNT; i++)
        if (losses & LOSSES(i))
            length += (size_t)snprintf(out + length, TRANSFER_LOSSES_TEXT_MAX + 1 - length, "%s%s",
                                       length ? "," : "", transfer_loss_words[i]);
    REQUIRE(length <= TRANSFER_LOSSES_TEXT_MAX);
}

TransferLosses transfer_losses_parse(const char *text)
{
    TransferLosses losses = 0;
    for (size_t length; *text; text += length + (text[length] == ',')) {
        length = strcspn(text, ",");
        losses |= losses_of_word(text, length);
    }
    return losses;
}
