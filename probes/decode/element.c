#include "probes/decode/element.h"

enum { HEADER = 2, LONGEST = 255 };

/* The fragments at the head of the list, if the element before them was as long as one can be. */
static void take_fragments(struct vo_elements *elements, struct vo_element *element, uint32_t length)
{
    struct vo_bytes *left = &elements->left;
    element->fragments = NULL;
    element->fragments_size = 0;
    while (length == LONGEST && left->left >= HEADER && left->at[0] == VO_ELEMENT_FRAGMENT) {
        length = left->at[1];
        const uint8_t *at = vo_bytes_take(left, HEADER + length);
        if (!at)
            return;
        if (!element->fragments)
            element->fragments = at;
        element->fragments_size += HEADER + length;
    }
}

bool vo_element_next(struct vo_elements *elements, struct vo_element *element)
{
    struct vo_bytes *left = &elements->left;
    if (left->left == 0 || left->short_read)
        return false;
    const uint8_t *header = vo_bytes_take(left, HEADER);
    const uint8_t *data = header ? vo_bytes_take(left, header[1]) : NULL;
    if (!data)
        return false;
    *element = (struct vo_element){.data = data, .size = header[1], .id = header[0]};
    if (element->id == VO_ELEMENT_EXTENSION && element->size) {
        element->id = (uint16_t)VO_ELEMENT_EXTENDED(*element->data++);
        element->size--;
    }
    take_fragments(elements, element, header[1]);
    return true;
}

static uint32_t append(uint8_t *buffer, uint32_t room, uint32_t at, const uint8_t *data, uint32_t size)
{
    if (size && at < room)
        memcpy(buffer + at, data, size < room - at ? size : room - at);
    return at + size;
}

uint32_t vo_element_join(const struct vo_element *element, uint8_t *buffer, uint32_t room)
{
    uint32_t size = append(buffer, room, 0, element->data, element->size);
    for (uint32_t at = 0; at < element->fragments_size; at += HEADER + element->fragments[at + 1])
        size = append(buffer, room, size, element->fragments + at + HEADER, element->fragments[at + 1]);
    return size;
}
