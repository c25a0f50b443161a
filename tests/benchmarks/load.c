/* load PORT CLIENTS < chains: sends HTTP requests over kept connections, and little else.
 *
 * Chains are as in `chains.h`; where a later request of one says @@@@... (36 times), the "id" of the
 * answer before it is put. Each client sends the next chain when it has the last answer of its own.
 * Prints seconds and CPU seconds; `refused STATUS COUNT` of every other status, which ends its
 * chain; then the seconds of each chain that came to its end.
 */
#include "chains.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define ROOM 131072
#define ID 36

typedef struct {
    int socket; uint32_t step; double began; size_t got;
    const request *chain; char id[ID], read[ROOM + 1];
} client;

static uint32_t next_chain, living;
static uint64_t refused[1000];
static double *waits;
static uint32_t ended;
static struct sockaddr_in server;
static int loop;

static void connect_client(client *one) {
    int yes = 1;
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = one};
    one->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(one->socket, (struct sockaddr *)&server, sizeof server)) fail("connect");
    setsockopt(one->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (epoll_ctl(loop, EPOLL_CTL_ADD, one->socket, &wanted)) fail("epoll_ctl");
}

static void send_step(client *one) {
    static char bytes[ROOM];
    static const char place[ID + 1] = "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@";
    const request *wanted = one->chain + one->step;
    char *at;
    if (wanted->length > ROOM) fail("a request is too long");
    memcpy(bytes, wanted->bytes, wanted->length);
    if (one->step && (at = memmem(bytes, wanted->length, place, ID))) memcpy(at, one->id, ID);
    for (size_t sent = 0; sent < wanted->length;) {
        ssize_t count = write(one->socket, bytes + sent, wanted->length - sent);
        if (count < 0) fail("write");
        sent += count;
    }
    one->got = 0;
}

static void next(client *one) {
    if (next_chain == chains) {
        close(one->socket);
        living--;
        return;
    }
    one->chain = requests + (size_t)next_chain++ * steps;
    one->step = 0;
    one->began = seconds();
    send_step(one);
}

static void answered(client *one, const char *body) {
    uint32_t status = atoi(one->read + 9);
    const char *id = strstr(body, "\"id\":");
    if (status != one->chain[one->step].good) {
        if (getenv("LOAD_SHOWS")) fprintf(stderr, "%s\n", one->read);
        refused[status < 1000 ? status : 0]++;
        next(one);
    } else if (one->step + 1 == steps) {
        waits[ended++] = seconds() - one->began;
        next(one);
    } else {
        if (id && (id = strchr(id + 5, '"')) && strlen(id) > ID) memcpy(one->id, id + 1, ID);
        one->step++;
        send_step(one);
    }
}

static void take(client *one) {
    char *body, *length;
    ssize_t count = read(one->socket, one->read + one->got, ROOM - one->got);
    if (count <= 0) { /* closed: whoever asked is not answered, and comes again */
        refused[0]++;
        close(one->socket);
        connect_client(one);
        next(one);
        return;
    }
    one->got += count;
    one->read[one->got] = 0;
    if (one->got == ROOM) fail("an answer is too long");
    if (!(body = strstr(one->read, "\r\n\r\n"))) return;
    length = strcasestr(one->read, "\r\ncontent-length:");
    if (length && length < body && one->got < (size_t)(body + 4 - one->read) + atol(length + 17))
        return;
    answered(one, body + 4);
}

int main(int count, char **words) {
    struct epoll_event events[256];
    struct rusage used;
    if (count != 3) return 2;
    read_requests();
    waits = calloc(chains, sizeof *waits);
    server.sin_family = AF_INET;
    server.sin_port = htons(atoi(words[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    loop = epoll_create1(0);
    living = atoi(words[2]);
    client *clients = calloc(living, sizeof *clients);
    for (uint32_t n = 0, all = living; n < all; n++) connect_client(clients + n);
    double began = seconds();
    for (uint32_t n = 0, all = living; n < all; n++) next(clients + n);
    while (living) {
        int ready = epoll_wait(loop, events, 256, 60000);
        if (ready <= 0) fail("nothing for a minute");
        for (int n = 0; n < ready; n++) take(events[n].data.ptr);
    }
    began = seconds() - began;
    getrusage(RUSAGE_SELF, &used);
    printf("%f %f\n", began, used.ru_utime.tv_sec + used.ru_stime.tv_sec
           + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    for (int n = 0; n < 1000; n++)
        if (refused[n]) printf("refused %d %lu\n", n, (unsigned long)refused[n]);
    for (uint32_t n = 0; n < ended; n++) printf("%.6f\n", waits[n]);
    return 0;
}
