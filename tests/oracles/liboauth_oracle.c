// liboauth as an oracle. A line of input: method, url, form, consumer key and secret, token and secret, nonce, timestamp,
// signature method; separated by tabs, percent-encoded. A line of output: the signature, or "-" and a reason.

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oauth.h> // It needs size_t, which it does not declare.

enum { METHOD, URL, FORM, KEY, SECRET, TOKEN, TOKEN_SECRET, NONCE, TIMESTAMP, SIGNATURE_METHOD, FIELDS };

int main(void) {
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *fields[FIELDS], *rest = line;
        for (int i = 0; i < FIELDS; i++) {
            char *field = strsep(&rest, "\t");
            fields[i] = oauth_url_unescape(field, NULL);
        }
        if (strcmp(fields[SIGNATURE_METHOD], "HMAC-SHA1") != 0) {
            puts("-method");
            fflush(stdout);
            continue;
        }
        int argc = 0;
        char **argv = NULL;
        argc = oauth_split_url_parameters(fields[URL], &argv);
        if (*fields[FORM]) {
            char *copy = strdup(fields[FORM]), *more = copy, *pair;
            while ((pair = strsep(&more, "&"))) {
                if (*pair) {
                    for (char *c = pair; *c; c++)
                        if (*c == '+') *c = ' ';
                    char *plain = oauth_url_unescape(pair, NULL);
                    oauth_add_param_to_array(&argc, &argv, plain);
                    free(plain);
                }
            }
            free(copy);
        }
        char parameter[4096];
        snprintf(parameter, sizeof parameter, "oauth_nonce=%s", fields[NONCE]);
        oauth_add_param_to_array(&argc, &argv, parameter);
        snprintf(parameter, sizeof parameter, "oauth_timestamp=%s", fields[TIMESTAMP]);
        oauth_add_param_to_array(&argc, &argv, parameter);
        oauth_sign_array2_process(&argc, &argv, NULL, OA_HMAC, fields[METHOD], fields[KEY], fields[SECRET],
            fields[TOKEN], fields[TOKEN_SECRET]);
        const char *signature = "-none";
        for (int i = 0; i < argc; i++)
            if (strncmp(argv[i], "oauth_signature=", 16) == 0) signature = argv[i] + 16;
        puts(signature);
        fflush(stdout);
        oauth_free_array(&argc, &argv);
        for (int i = 0; i < FIELDS; i++) free(fields[i]);
    }
    return 0;
}
