/* crowd PORT LINES RATE SECONDS PATIENCE < chains: asks at a rate, whatever becomes of it.
 *
 * As a crowd of strangers does: who has waited for PATIENCE seconds has gone, and closes the line.
 * Lines are kept while they are answered; where all LINES wait, whoever comes finds none and is as
 * good as gone. Chains are as in `chains.h`; the first request of each is asked, in turn.
 * Prints the CPU seconds, then for each that asked: status (0: gone), seconds, Retry-After.
 */
#include "chains.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define ROOM 32768

typedef struct line {
    int socket, is_asking; double began; size_t got, sent;
    const request *asked; struct line *free_after, *older, *newer; char read[ROOM + 1];
} line;
typedef struct { float seconds; uint16_t status, later; } outcome;

static struct sockaddr_in server;
static int loop;
static line *free_lines, *oldest, *newest;
static outcome *outcomes;
static size_t ended;

static void note(line *one, int status, int later) {
    outcomes[ended++] = (outcome){seconds() - one->began, status, later};
    one->is_asking = 0;
    if (one->older) one->older->newer = one->newer; else oldest = one->newer;
    if (one->newer) one->newer->older = one->older; else newest = one->older;
    one->free_after = free_lines;
    free_lines = one;
}

static void hang_up(line *one) {
    if (one->socket >= 0) close(one->socket);
    one->socket = -1;
}

static void lose(line *one) {
    hang_up(one);
    if (one->is_asking) note(one, 0, 0);
}

static void write_on(line *one) {
    while (one->sent < one->asked->length) {
        ssize_t written = write(one->socket, one->asked->bytes + one->sent,
                                one->asked->length - one->sent);
        if (written < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
        if (written < 0) { lose(one); return; }
        one->sent += written;
    }
}

static void open_line(line *one) {
    int yes = 1;
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = one};
    one->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (one->socket < 0) fail("socket");
    setsockopt(one->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(one->socket, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS)
        fail("connect");
    if (epoll_ctl(loop, EPOLL_CTL_ADD, one->socket, &wanted)) fail("epoll_ctl");
}

static void ask(size_t number) {
    line *one = free_lines;
    if (!one) { /* all wait */
        outcomes[ended++] = (outcome){0, 0, 0};
        return;
    }
    free_lines = one->free_after;
    one->asked = requests + number % chains * steps;
    one->is_asking = 1;
    one->sent = one->got = 0;
    one->began = seconds();
    one->older = newest;
    one->newer = NULL;
    if (newest) newest->newer = one; else oldest = one;
    newest = one;
    if (one->socket < 0) open_line(one);
    else write_on(one);
}

static int number_of(const char *head, const char *end, const char *name) {
    const char *found = strcasestr(head, name);
    return found && found < end ? atoi(found + strlen(name)) : 0;
}

static void take(line *one) {
    for (;;) {
        ssize_t got = read(one->socket, one->read + one->got, ROOM - one->got);
        char *body;
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0 || one->got + got == ROOM) { lose(one); return; }
        one->got += got;
        one->read[one->got] = 0;
        if (!one->is_asking || !(body = strstr(one->read, "\r\n\r\n"))) continue;
        body += 4;
        if (one->read + one->got < body + number_of(one->read, body, "\r\ncontent-length:")) continue;
        note(one, atoi(one->read + 9), number_of(one->read, body, "\r\nretry-after:"));
        one->got = 0;
    }
}

int main(int words, char **word) {
    struct epoll_event events[512];
    struct rusage used;
    if (words != 6) return 2;
    uint32_t lines = atoi(word[2]);
    double rate = atof(word[3]), lasts = atof(word[4]), patience = atof(word[5]);
    read_requests();
    server.sin_family = AF_INET;
    server.sin_port = htons(atoi(word[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    loop = epoll_create1(0);
    outcomes = calloc((size_t)(rate * lasts) + 1, sizeof *outcomes);
    line *all = calloc(lines, sizeof *all);
    for (uint32_t n = 0; n < lines; n++) {
        all[n].socket = -1;
        all[n].free_after = free_lines;
        free_lines = all + n;
    }
    double began = seconds(), passed;
    size_t asked = 0;
    while ((passed = seconds() - began) < lasts || oldest) {
        size_t wanted = (passed < lasts ? passed : lasts) * rate;
        for (; asked < wanted; asked++) ask(asked);
        while (oldest && oldest->began < seconds() - patience) lose(oldest);
        int ready = epoll_wait(loop, events, 512, 1);
        for (int n = 0; n < ready; n++) {
            line *one = events[n].data.ptr;
            if (one->socket >= 0 && one->is_asking) write_on(one);
            if (one->socket >= 0) take(one);
        }
    }
    getrusage(RUSAGE_SELF, &used);
    printf("%f\n", used.ru_utime.tv_sec + used.ru_stime.tv_sec
           + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    for (size_t n = 0; n < ended; n++)
        printf("%u %.6f %u\n", outcomes[n].status, outcomes[n].seconds, outcomes[n].later);
    return 0;
}
