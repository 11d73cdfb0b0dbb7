#include "web/http/message/forwarded.h"

/* One address, blanks around it aside. */
static bool forwarded_parse(const char *text, size_t length, struct in6_addr *out)
{
    while (length > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    return network_parse_address(text, length, out);
}

struct in6_addr forwarded_client(const NetworkList *trusted, const struct in6_addr *peer,
                                 const char *forwarded_for, const char *real_ip)
{
    struct in6_addr client = *peer, told;
    if (!network_list_has(trusted, peer))
        return client;
    if (!forwarded_for) {
        if (real_ip && forwarded_parse(real_ip, strlen(real_ip), &told))
            client = told;
        return client;
    }
    const char *end = forwarded_for + strlen(forwarded_for);
    while (network_list_has(trusted, &client)) {
        const char *begin = end;
        while (begin > forwarded_for && begin[-1] != ',')
            begin--;
        if (!forwarded_parse(begin, (size_t)(end - begin), &told))
            break;
        client = told;
        if (begin == forwarded_for)
            break;
        end = begin - 1;
    }
    return client;
}
