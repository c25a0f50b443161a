/* What `load.c` and `crowd.c` both do: read their requests, tell the time, and give up.
 *
 * A chain is requests that follow one another, such as a hold and its confirmation. Numbers are 32
 * bits of this machine's order:
 *   chains, requests a chain; of each request: the status that is good, length, bytes
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct { uint32_t good, length; const char *bytes; } request;

static request *requests;
static uint32_t chains, steps;

static void fail(const char *why) { perror(why); exit(1); }

static double seconds(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static void read_requests(void) {
    size_t size = 0, room = 1 << 24, got;
    char *all = malloc(room), *at;
    while ((got = fread(all + size, 1, room - size, stdin)) > 0)
        if ((size += got) == room) all = realloc(all, room *= 2);
    memcpy(&chains, all, 4);
    memcpy(&steps, all + 4, 4);
    requests = calloc((size_t)chains * steps, sizeof *requests);
    at = all + 8;
    for (size_t n = 0; n < (size_t)chains * steps; n++) {
        memcpy(&requests[n].good, at, 4);
        memcpy(&requests[n].length, at + 4, 4);
        requests[n].bytes = at + 8;
        at += 8 + requests[n].length;
    }
}
