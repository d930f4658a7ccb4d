#include "probes/wlan/walk_link.h"

void vo_walk_link_read(struct vo_walk_link *link)
{
    /* An interface that is gone shows in the next scan. */
    if (!link->poll || vo_link_poll(link->poll, NULL) != VO_OK)
        return;
    vo_link_meter_read(&link->meter, &link->poll->reading);
    link->read = link->poll->reading.at;
}

void vo_walk_link_tick(struct vo_walk_link *link, vo_time now)
{
    if (now - link->read >= VO_NS_PER_S)
        vo_walk_link_read(link);
}

void vo_walk_link_begin(struct vo_walk_link *link)
{
    vo_walk_link_read(link);
    vo_link_meter_begin(&link->meter);
}

void vo_walk_link_emit(struct vo_walk_link *link, struct vo_record_writer *writer,
                       const struct vo_visit_terms *terms)
{
    struct vo_link_tells tells = {
        .writer = writer, .interface = terms->interface, .place = terms->place, .visit = terms->number};
    vo_link_emit(&tells, &link->meter, false);
}

void vo_walk_link_release(struct vo_walk_link *link)
{
    vo_link_meter_release(&link->meter);
}
