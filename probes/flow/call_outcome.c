/*
 * How a call went (RFC 3261 13 to 15), as a capture tells it.
 *
 * Responses are judged by the initial INVITE they answer: one with a lower CSeq is late, one with a higher
 * one belongs to an INVITE that was not captured. A 2xx settles the call; before it the newest failure
 * counts, as proxies try targets one after the other; an INVITE of the caller with a higher CSeq begins anew.
 */
#include "probes/flow/call_private.h"

/* The caller goes on, with credentials or to another target: what the last INVITE led to does not count. */
static void begin_attempt(struct vo_call_entry *entry, uint32_t cseq)
{
    struct vo_call *call = &entry->call;
    entry->invite_cseq = cseq;
    entry->attempted = VO_TIME_UNKNOWN;
    entry->responded = entry->has_cancel = false;
    entry->failure = 0;
    call->final_code = 0;
    call->hangup_reason = NULL;
    if (!entry->has_bye) {
        call->ended = VO_TIME_UNKNOWN;
        call->state = VO_CALL_IN_PROGRESS;
    }
}

static void take_invite(struct vo_call_entry *entry, const struct vo_sip *message, int side, vo_time time)
{
    struct vo_call *call = &entry->call;
    bool in_dialog = message->to_tag.size > 0;
    /* some callers keep the To tag of a refusal when they try again */
    bool attempt = side == VO_CALLER && !entry->accepted && (!in_dialog || call->final_code);
    if (attempt) {
        if (!call->invite)
            call->invited = time;
        call->invite = true;
        if (message->cseq > entry->invite_cseq)
            begin_attempt(entry, message->cseq);
        if (message->cseq == entry->invite_cseq && entry->attempted == VO_TIME_UNKNOWN)
            entry->attempted = time;
    } else if (in_dialog && message->cseq > entry->reinvite_cseq[side]) {
        entry->reinvite_cseq[side] = message->cseq;
    }
}

static void take_cancel(struct vo_calls *calls, struct vo_call_entry *entry, const struct vo_sip *message,
                        vo_time time)
{
    struct vo_call *call = &entry->call;
    if (entry->accepted || message->cseq < entry->invite_cseq)
        return;
    if (message->cseq > entry->invite_cseq)
        begin_attempt(entry, message->cseq);
    if (entry->has_cancel)
        return;
    entry->has_cancel = true;
    entry->cancelled = time;
    if (!call->hangup_reason)
        call->hangup_reason = vo_call_copy(calls, message->reason_header);
    if (call->final_code == 0) { /* after a final response it comes too late, unless 487 says otherwise */
        call->state = VO_CALL_CANCELLED;
        call->ended = time;
    }
}

/* Does this BYE leave no accepted dialog? Of a fork that was accepted twice, the caller ends one at once. */
static bool ends_last_dialog(struct vo_call_entry *entry, uint64_t callee_tag)
{
    for (unsigned i = 0; i < entry->dialog_count; i++) {
        if (entry->dialogs[i] != callee_tag)
            continue;
        entry->dialogs_gone |= (uint8_t)(1u << i);
        return entry->dialogs_gone == (1u << entry->dialog_count) - 1;
    }
    return true;
}

/* A BYE, or the 2xx that shows that there was one. */
static void take_bye(struct vo_calls *calls, struct vo_call_entry *entry, const struct vo_sip *message,
                     int side, vo_time time)
{
    struct vo_call *call = &entry->call;
    struct vo_span callee_tag = side == VO_CALLER ? message->to_tag : message->from_tag;
    if (entry->has_bye || call->final_code >= 300 || !ends_last_dialog(entry, vo_call_hash_span(callee_tag)))
        return;
    entry->has_bye = true;
    call->state =
        VO_CALL_ANSWERED; /* also when the 2xx was not captured; an early dialog's 487 corrects it */
    call->ended = time;
    call->hangup = side == VO_CALLER ? VO_HANGUP_CALLER : VO_HANGUP_CALLEE;
    call->hangup_reason = message->request ? vo_call_copy(calls, message->reason_header) : NULL;
}

static void add_dialog(struct vo_call_entry *entry, struct vo_span callee_tag)
{
    uint64_t tag = vo_call_hash_span(callee_tag);
    for (unsigned i = 0; i < entry->dialog_count; i++)
        if (entry->dialogs[i] == tag)
            return;
    if (tag && entry->dialog_count < VO_CALL_DIALOGS)
        entry->dialogs[entry->dialog_count++] = tag;
}

static void take_success(struct vo_call_entry *entry, const struct vo_sip *message, vo_time time)
{
    struct vo_call *call = &entry->call;
    if (vo_call_hash_span(message->from_tag) ==
        entry->caller_tag) /* not behind an agent that has tags of its own */
        add_dialog(entry, message->to_tag);
    if (entry->accepted)
        return;
    entry->accepted = true;
    call->answered = time;
    call->final_code = message->status;
    call->state = VO_CALL_ANSWERED;
    if (!entry->has_bye) { /* a CANCEL came too late, or was of another branch */
        call->ended = VO_TIME_UNKNOWN;
        call->hangup_reason = NULL;
    }
}

static enum vo_call_state failure_state(uint16_t status)
{
    if (status == 487)
        return VO_CALL_CANCELLED;
    return status == 408 || (status >= 500 && status < 600) ? VO_CALL_FAILED : VO_CALL_REJECTED;
}

/* The same refusal on another hop changes nothing: its first sight counts. */
static void take_failure(struct vo_call_entry *entry, const struct vo_sip *message, vo_time time)
{
    struct vo_call *call = &entry->call;
    uint64_t failure =
        vo_call_hash(message->status, message->to_tag.at ? message->to_tag.at : "", message->to_tag.size);
    if (failure == entry->failure)
        return;
    entry->failure = failure;
    call->final_code = message->status;
    call->state = failure_state(message->status);
    if (!entry->has_bye)
        call->ended = message->status == 487 && entry->has_cancel ? entry->cancelled : time;
}

static void take_invite_response(struct vo_call_entry *entry, const struct vo_sip *message, int side,
                                 vo_time time)
{
    struct vo_call *call = &entry->call;
    uint16_t status = message->status;
    if (side == VO_CALLEE || message->cseq == entry->reinvite_cseq[side]) {
        if (status >= 200 && status < 300 && !entry->accepted) {
            entry->accepted = true; /* a dialog whose first 2xx was not captured */
            call->state = VO_CALL_ANSWERED;
        }
        return;
    }
    if (message->cseq > entry->invite_cseq && !entry->accepted)
        begin_attempt(entry, message->cseq);
    if (message->cseq != entry->invite_cseq)
        return;
    entry->responded = true;
    if (status > 100 && status < 200 && call->progressed == VO_TIME_UNKNOWN)
        call->progressed = time;
    if (status == 180 && call->ringing == VO_TIME_UNKNOWN)
        call->ringing = time;
    if (status >= 200 && status < 300)
        take_success(entry, message, time);
    else if (status >= 300 && !entry->accepted)
        take_failure(entry, message, time);
}

static void take_ack(struct vo_call_entry *entry, const struct vo_sip *message, int side, vo_time time)
{
    struct vo_call *call = &entry->call;
    if (side == VO_CALLER && call->answered != VO_TIME_UNKNOWN && call->acknowledged == VO_TIME_UNKNOWN &&
        message->cseq == entry->invite_cseq)
        call->acknowledged = time;
}

void vo_call_advance(struct vo_calls *calls, struct vo_call_entry *entry, const struct vo_sip *message,
                     int side, vo_time time)
{
    if (!message->request) {
        if (message->method == VO_SIP_INVITE)
            take_invite_response(entry, message, side, time);
        else if (message->method == VO_SIP_BYE && message->status >= 200 && message->status < 300)
            take_bye(calls, entry, message, side, time);
    } else if (message->method == VO_SIP_INVITE) {
        take_invite(entry, message, side, time);
    } else if (message->method == VO_SIP_ACK) {
        take_ack(entry, message, side, time);
    } else if (message->method == VO_SIP_CANCEL) {
        if (side == VO_CALLER && message->cseq != entry->reinvite_cseq[side])
            take_cancel(calls, entry, message, time);
    } else if (message->method == VO_SIP_BYE) {
        take_bye(calls, entry, message, side, time);
    }
}
