# Writes voready-metrics(5) from the catalogue: awk -f docs/man/metrics.awk core/metrics.def
# A row is VO_METRIC(symbol, "name", "unit", "samples" or NULL, "subjects", "definition", "source") and may be broken.
function field(    found) { # the next string or NULL of `row`
    if (!match(row, /"([^"\\]|\\.)*"|NULL/)) { print "metrics.awk: a row is short: " whole > "/dev/stderr"; exit 1 }
    found = substr(row, RSTART, RLENGTH)
    row = substr(row, RSTART + RLENGTH)
    if (found == "NULL") return ""
    found = substr(found, 2, length(found) - 2)
    gsub(/\\/, "\\e", found)
    return found
}

function write_row(    name, unit, samples, subjects, definition, source) {
    whole = row
    sub(/^VO_METRIC\([A-Z0-9_]+,/, "", row)
    name = field(); unit = field(); samples = field(); subjects = field(); definition = field(); source = field()
    print ".It Sy " name
    print toupper(substr(definition, 1, 1)) substr(definition, 2) "."
    print ".br"
    if (sub(/^word: /, "", unit)) { gsub(/ /, ", ", unit); unit = "One of: " unit "." }
    else unit = "Unit: " unit "."
    gsub(/ /, ", ", subjects)
    print unit
    print "Of: " subjects "."
    if (samples != "") print "Samples: " samples "."
    if (source != "") print "Source: " source "."
}

BEGIN {
    print ".Dd November 22, 2026\n.Dt VOREADY-METRICS 5\n.Os"
    print ".Sh NAME\n.Nm voready-metrics\n.Nd what the names in the records mean"
    print ".Sh DESCRIPTION"
    print "Every name that stands in the"
    print ".Cm metrics , states"
    print "or series of a record"
    print ".Pq Xr voready-records 5 ."
    print "A rule judges one of them."
    print ".Sq Samples"
    print "is the metric that says from how many samples the value was made;"
    print ".Sq guide"
    print "in a source is the OpenScape Mobile Pro V10 Administration Guide."
    print ".Bl -tag -width Ds"
}
/^VO_METRIC\(/ { row = $0; open = 1 }
open && !/^VO_METRIC\(/ { row = row $0 }
open && /\)[ \t]*$/ { write_row(); open = 0 }
END { print ".El\n.Sh SEE ALSO\n.Xr voready-analyze 1 ,\n.Xr voready-rtp 1 ,\n.Xr voready-records 5" }
