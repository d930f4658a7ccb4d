/* The floor that `make bench` compares with: libpcap's reader, and nothing done with the packets. */
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    char error[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const u_char *data;
    unsigned long long packets = 0, bytes = 0;
    pcap_t *capture = argc == 2 ? pcap_open_offline(argv[1], error) : NULL;
    if (!capture) {
        fprintf(stderr, "bare-loop FILE: %s\n", argc == 2 ? error : "one capture");
        return 1;
    }
    while (pcap_next_ex(capture, &header, &data) == 1) {
        packets++;
        bytes += header->caplen;
    }
    pcap_close(capture);
    printf("%llu packets, %llu bytes\n", packets, bytes);
    return 0;
}
