#include "probes/reach/proxy.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *const names[] = {"http_proxy", "https_proxy", "all_proxy"};
#define NAMES (sizeof names / sizeof *names)

/* Passwords never stand in records: what is before the @ of the authority is left out. */
static void add(struct vo_proxies *proxies, const char *name, const char *value, const char *where)
{
    const char *scheme = strstr(value, "://"), *host = scheme ? scheme + 3 : value;
    size_t authority = strcspn(host, "/?#"), used = strlen(proxies->set);
    for (size_t i = authority; i-- > 0;)
        if (host[i] == '@') {
            host += i + 1;
            break;
        }
    proxies->configured = true;
    snprintf(proxies->set + used, sizeof proxies->set - used, "%s%s=%.*s%s (%s)", used ? ", " : "", name,
             scheme ? (int)(scheme + 3 - value) : 0, value, host, where);
}

static void take(struct vo_proxies *proxies, const char *name, const char *value, const char *where)
{
    if (!value || !value[0])
        return;
    for (size_t i = 0; i < NAMES; i++)
        if (strcasecmp(name, names[i]) == 0)
            add(proxies, name, value, where);
    if (strcasecmp(name, "no_proxy") == 0 && !proxies->no_proxy[0])
        snprintf(proxies->no_proxy, sizeof proxies->no_proxy, "%s", value);
}

/* NAME=VALUE, perhaps after "export", the value perhaps quoted (pam_env(8)). */
static void take_line(struct vo_proxies *proxies, char *line)
{
    while (isspace((unsigned char)*line))
        line++;
    if (strncmp(line, "export ", 7) == 0)
        line += 7;
    char *value = strchr(line, '=');
    if (!value || *line == '#')
        return;
    *value++ = '\0';
    if (*value == '"' || *value == '\'')
        value++;
    value[strcspn(value, "\"'\r\n")] = '\0';
    take(proxies, line, value, "/etc/environment");
}

static void take_variable(struct vo_proxies *proxies, vo_proxy_variable *variable, const char *name)
{
    char capital[16];
    size_t size = strlen(name);
    for (size_t i = 0; i <= size; i++)
        capital[i] = (char)toupper((unsigned char)name[i]);
    take(proxies, name, variable(name), "environment");
    take(proxies, capital, variable(capital), "environment");
}

void vo_proxies_find(struct vo_proxies *proxies, vo_proxy_variable *variable, FILE *file)
{
    char line[1024];
    memset(proxies, 0, sizeof *proxies);
    for (size_t i = 0; i < NAMES; i++)
        take_variable(proxies, variable, names[i]);
    take_variable(proxies, variable, "no_proxy");
    for (int count = 0; file && count < 1000 && fgets(line, sizeof line, file); count++)
        take_line(proxies, line);
    snprintf(proxies->looked_at, sizeof proxies->looked_at,
             "environment%s; not desktop settings, not PAC files", file ? ", /etc/environment" : "");
}
