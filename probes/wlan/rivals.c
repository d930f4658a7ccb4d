#include "probes/wlan/rivals.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* As the kernel has them: cut to 15 characters. */
static const char *const known[] = {"NetworkManager", "wpa_supplicant", "iwd", "connmand", "wicd", "kismet"};
enum { KNOWN = sizeof known / sizeof *known };

static void look(const char *path, bool running[KNOWN])
{
    char name[32] = "";
    FILE *file = fopen(path, "r");
    if (!file)
        return;
    if (fgets(name, sizeof name, file))
        name[strcspn(name, "\n")] = '\0';
    fclose(file);
    for (size_t i = 0; i < KNOWN; i++)
        running[i] |= strcmp(name, known[i]) == 0;
}

char *vo_rivals(const char *proc, char *text, size_t size)
{
    bool running[KNOWN] = {false};
    size_t used = 0;
    DIR *folder = opendir(proc);
    text[0] = '\0';
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char path[PATH_MAX];
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof path, "%s/%s/comm", proc, entry->d_name);
        look(path, running);
    }
    if (folder)
        closedir(folder);
    for (size_t i = 0; i < KNOWN && used < size; i++)
        if (running[i])
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", known[i]);
    return text;
}
