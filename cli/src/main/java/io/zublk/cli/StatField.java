package io.zublk.cli;

import static io.zublk.block.Geometry.PAGE_BYTES;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What {@code stat} shows, in which order, and what it means.
 *
 * @param group the heading it stands under
 * @param unit what its value counts; empty for words
 */
record StatField(String group, String name, String unit, String meaning) {

  /** The group of what a device tells that this version of the command does not know. */
  static final String OTHER = "Other";

  /** For readers as it is, for us two blanks or more are the edge of a column. */
  private static final String ALL =
      """
      Device
        id                        -         its number, which commands take for its name
        path                      -         what clients open
        algorithm                 -         what compresses its pages
        line_coder                -         codes lines: vectors, scalar (slow), or training for vectors
        size                      bytes     how large it looks to its users
        mountpoint                -         where it is mounted; [SWAP] if it is swap
      Memory
        ratio                     x         orig_data_size / mem_used_total
        compr_ratio               x         orig_data_size / compr_data_size
        orig_data_size            bytes     the pages that are present, before compression
        compr_data_size           bytes     what they compress to; a staged page counts 4096
        mem_used_total            bytes     all memory of the store, overhead included
        mem_used_max              bytes     the most that mem_used_total was
        mem_limit                 bytes     the most that mem_used_total may be; 0: no limit
        same_pages                pages     present pages of one repeated word, which take no memory
        huge_pages                pages     present pages that do not shrink, stored as they are
        huge_pages_since          pages     ever stored as they are
        lz4_pages                 pages     present pages compressed by lz4
        zstd_pages                pages     present pages compressed by zstd
        line_pages                pages     present pages compressed by line
        padded_pages              pages     present pages in place of larger ones, for want of memory
        pages_compacted           pages     of memory that compaction gave back
        notify_free               pages     freed by discard or write-zeroes
        store_memory              -         what the store's file lies in
        reserve_bytes_max         bytes     of memory that --swap keeps ready for writes
        reserve_bytes             bytes     of that, ready now; part of mem_used_total
        reserve_failures          times     a write found none ready
        swap_unprotected_threads  threads   that may start I/O to get memory; --swap: 0
        swap_locked_bytes         bytes     of the process that never leave memory
        swap_absent_bytes         bytes     of its private memory that a first use must find memory for
      Errors
        io_errors                 requests  failed_reads + failed_writes
        failed_reads              requests  reads answered with an error
        failed_writes             requests  writes answered with an error
        invalid_io                requests  outside the device, or otherwise wrong
        checksum_errors           pages     found damaged; their reads fail
      How long the store takes for a request
        read_latency_samples      requests  whose time was taken: one in 61
        read_latency_p50_ns       ns        half of them took no longer
        read_latency_p90_ns       ns        90 % of them took no longer
        read_latency_p99_ns       ns        99 % of them took no longer
        read_latency_p999_ns      ns        99.9 % of them took no longer
        read_latency_max_ns       ns        the longest of them
        write_latency_samples     requests  whose time was taken: one in 61
        write_latency_p50_ns      ns        half of them took no longer
        write_latency_p90_ns      ns        90 % of them took no longer
        write_latency_p99_ns      ns        99 % of them took no longer
        write_latency_p999_ns     ns        99.9 % of them took no longer
        write_latency_max_ns      ns        the longest of them
        discard_latency_samples   requests  whose time was taken: one in 61
        discard_latency_p50_ns    ns        half of them took no longer
        discard_latency_p90_ns    ns        90 % of them took no longer
        discard_latency_p99_ns    ns        99 % of them took no longer
        discard_latency_p999_ns   ns        99.9 % of them took no longer
        discard_latency_max_ns    ns        the longest of them
      Compression in the background
        staged_pages              pages     acknowledged and not yet compressed
        staged_pages_since        pages     ever staged
        unstaged_pages            pages     compressed by who wrote them: the staging pool was full
        overtaken_pages           pages     overwritten or discarded before a worker came: work saved
        batches                   batches   compressed by workers
        shared_reads              times     a worker took part in a large read
      NBD
        nbd_listening             -         whether more can connect: its socket is there
        nbd_connections           clients   connected now
        nbd_connections_total     clients   ever served
        nbd_connections_refused   clients   hung up on: too many were connected
        nbd_handshakes_failed     clients   gone before their first request by a fault of theirs
        nbd_reads                 requests  READ
        nbd_read_bytes            bytes     asked for by READ, refused ones left out
        nbd_writes                requests  WRITE
        nbd_written_bytes         bytes     brought by WRITE, refused ones left out
        nbd_flushes               requests  FLUSH
        nbd_trims                 requests  TRIM
        nbd_write_zeroes          requests  WRITE_ZEROES
        nbd_caches                requests  CACHE, which have nothing to do here
        nbd_block_statuses        requests  BLOCK_STATUS
        nbd_errors                requests  answered with an error
        nbd_invalid               requests  of those, refused before the device was asked
        nbd_handed_over           parts     of large requests that another thread served
        nbd_socket_reads          calls     of the system that received requests
        nbd_socket_writes         calls     of the system that sent replies
        nbd_workers               threads   that help with large requests
        nbd_max_clients           clients   that may be connected at a time
      vhost-user
        vhost_listening           -         whether a client can connect: the socket is there
        vhost_client              -         the process that is connected, or none
        vhost_threads             threads   that serve the client's queues
        vhost_requests            requests  of all kinds
        vhost_reads               requests  IN
        vhost_read_bytes          bytes     read
        vhost_writes              requests  OUT
        vhost_written_bytes       bytes     written
        vhost_flushes             requests  FLUSH
        vhost_discards            requests  DISCARD
        vhost_write_zeroes        requests  WRITE_ZEROES
        vhost_failed_reads        requests  reads answered with an error
        vhost_failed_writes       requests  writes answered with an error
        vhost_failed_others       requests  others answered with an error, unknown ones included
        vhost_exceptions          requests  during which the store failed unexpectedly
        vhost_memory_faults       requests  whose memory the client took away meanwhile
        vhost_broken_rings        rings     not served any more: the client broke their rules
        vhost_calls               calls     of the client, each a system call for a batch
        vhost_sleeps              times     a thread slept until it was kicked
        vhost_polls               looks     of polling threads for requests
        vhost_poll_completions    batches   found by looking, without having slept
        vhost_poll_fallbacks      times     a polling thread gave up and slept
        vhost_yields              times     a polling thread let others run before it slept
      ublk
        queues                    queues    of the block device
        queue_depth               requests  at most in flight on each queue
        max_io_bytes              bytes     of the largest request
        threads_per_queue         threads   that serve each queue
        queue_threads             -         each queue thread and its CPUs
        buffer_bytes              bytes     of memory for requests in flight
        batch_io                  -         whether BATCH_IO is used
        ublk_requests             requests  of all kinds
        ublk_reads                requests  READ
        ublk_read_bytes           bytes     read
        ublk_writes               requests  WRITE
        ublk_written_bytes        bytes     written
        ublk_flushes              requests  FLUSH
        ublk_discards             requests  DISCARD
        ublk_write_zeroes         requests  WRITE_ZEROES
        ublk_failed_reads         requests  reads answered with an error
        ublk_failed_writes        requests  writes answered with an error
        ublk_failed_others        requests  others answered with an error, unknown ones included
        ublk_exceptions           requests  during which the store failed unexpectedly
        ublk_enters               calls     of the system, each for a batch of requests
        poll_spin_cycles          looks     in vain before a polling thread sleeps
        poll_adaptive             -         whether it looks less while that does not pay
        ublk_polls                looks     of polling threads for requests
        ublk_poll_completions     batches   found by looking, without having slept
        ublk_poll_fallbacks       times     a polling thread gave up and slept
        ublk_yields               times     a polling thread let others run before it slept
      Settings and process
        transport                 -         ublk, nbd or vhost
        algorithm_asked           -         the algorithm that was asked for; auto is settled once
        preset                    -         the set of defaults that was asked for
        workers                   threads   that compress staged pages
        staging_bytes_max         bytes     the most memory of pages that wait for a worker
        batch_pages               pages     that a worker takes at a time
        batch_timeout_us          µs        that a worker waits for a full batch
        polling                   -         whether queues' threads look for requests before they sleep
        cpu_affinity              -         the CPUs of its threads
        numa_node                 -         the node of its threads and memory; -1: any
        streams                   threads   that serve requests
        pid                       -         the process that serves it
        on_crash                  -         what becomes of it when its process dies: recover or keep
        keeper                    -         the process that has it recovered then, none, or lost
        standby                   -         the process that waits to go on with it then, none, or absent
        recoveries                times     a process took it over from one that had died
        uptime_s                  s         since it was started
        rss                       bytes     memory of the process, what it shares included
        rss_private               bytes     memory of the process that is its alone
      Backing device
        bd_count                  pages     written back
        bd_reads                  pages     read from it
        bd_writes                 pages     ever written to it
      """;

  /** All, in the order in which they are shown. */
  static List<StatField> all() {
    List<StatField> fields = new ArrayList<>();
    String group = "";
    for (String line : ALL.lines().toList()) {
      if (line.startsWith(" ")) {
        String[] cells = line.strip().split(" {2,}", 3);
        fields.add(new StatField(group, cells[0], cells[1].replace("-", ""), cells[2]));
      } else {
        group = line;
      }
    }
    return fields;
  }

  /** One that only its name is known of. */
  static StatField unknown(String name) {
    return new StatField(OTHER, name, "", "");
  }

  /** What {@code stat --help} says about all. */
  static String help() {
    return String.format("What it shows:%n%s", ALL);
  }

  /** The value to the digit, and then how people would say it. */
  String text(Object value) {
    return switch (value) {
      case Number number when !unit.isEmpty() ->
          String.format(Locale.ROOT, "%-14s %s", number, reading(number)).stripTrailing();
      case null -> "";
      case Object other -> other.toString();
    };
  }

  private String reading(Number number) {
    long amount = number.longValue();
    return switch (unit) {
      case "bytes" -> amount < 1024 ? unit : unit + ", " + Bytes.human(amount);
      case "pages" -> amount == 0 ? unit : unit + ", " + Bytes.human(amount * PAGE_BYTES);
      default -> unit;
    };
  }
}
