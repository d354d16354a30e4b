package io.zublk.vhost.protocol;

import io.zublk.uring.sys.EventCount;
import io.zublk.vhost.io.ServedRing;
import io.zublk.vhost.memory.GuestFault;
import io.zublk.vhost.memory.GuestMemory;
import io.zublk.vhost.ring.InflightArea;
import io.zublk.vhost.ring.InflightQueue;
import io.zublk.vhost.ring.SplitRing;
import java.io.IOException;

/** What a client has said of one ring, and the ring that was made of it. */
final class Vring {

  private final int queue;

  int size;
  long descriptors;
  long available;
  long used;
  int base;
  boolean enabled;

  private EventCount kick;
  private EventCount call;
  private EventCount error;

  /** Null while it is stopped. */
  private ServedRing served;

  Vring(int queue) {
    this.queue = queue;
  }

  boolean isStarted() {
    return served != null;
  }

  /** Whether its client has used it before. */
  boolean goesOn() {
    return base != 0;
  }

  /** What is to be served of it now; null if nothing is. */
  ServedRing served() {
    return enabled ? served : null;
  }

  /**
   * Starts it; it begins where the client said, or with what an earlier process has left of it.
   *
   * @param newKick how the client kicks; null if it never does
   */
  void start(EventCount newKick, GuestMemory memory, InflightArea area, boolean eventIndex)
      throws IOException {
    setKick(newKick);
    if (isStarted()) {
      return;
    }
    if (Integer.bitCount(size) != 1 || size < 0 || size > SplitRing.MAX_SIZE) {
      throw new ProtocolException(this + " of " + size + " entries");
    }
    SplitRing.Areas areas = areas(memory);
    if (areas == null) {
      throw new ProtocolException(this + " is not in the client's memory, or not aligned");
    }
    try {
      SplitRing ring = new SplitRing(size, areas, base, eventIndex);
      InflightQueue inflight = area == null ? null : area.queue(queue, ring);
      int[] leftOver = inflight == null ? null : inflight.begin();
      ServedRing made = new ServedRing(queue, ring, inflight, memory);
      if (leftOver != null) {
        ring.setNext(ring.usedIndex() + leftOver.length);
        made.setLeftOver(leftOver);
      }
      GuestFault.raise();
      served = made;
      served.setEvents(kick, call, error);
      served.callOnce();
    } catch (InternalError e) {
      throw new ProtocolException(this + ": the client took its memory away");
    }
  }

  /** Where it lies in memory; null if nowhere. */
  private SplitRing.Areas areas(GuestMemory memory) {
    var areas =
        new SplitRing.Areas(
            memory.ofUser(descriptors, SplitRing.Areas.descriptorBytes(size)),
            memory.ofUser(available, SplitRing.Areas.availableBytes(size)),
            memory.ofUser(used, SplitRing.Areas.usedBytes(size)));
    boolean all = areas.descriptors() != null && areas.available() != null && areas.used() != null;
    return all && areas.areAligned() ? areas : null;
  }

  /** Goes on in other mappings; it ends if it is in none of them. */
  void moveTo(GuestMemory memory) {
    if (isStarted()) {
      SplitRing.Areas areas = areas(memory);
      if (areas == null) {
        served.breakOff();
      } else {
        served.setMemory(memory, areas);
      }
    }
  }

  private void setKick(EventCount event) {
    close(kick);
    kick = event;
    tellEvents();
  }

  /** How the client wants to be called, from now on; at once too, as it may have missed a call. */
  void setCall(EventCount event) {
    close(call);
    call = event;
    tellEvents();
    callOnce();
  }

  /** Has the client called, if it wants to be at all: when the ring's thread comes to it. */
  void callOnce() {
    if (isStarted()) {
      served.callOnce();
    }
  }

  /** How the client learns of errors. */
  void setError(EventCount event) {
    close(error);
    error = event;
    tellEvents();
  }

  private void tellEvents() {
    if (isStarted()) {
      served.setEvents(kick, call, error);
    }
  }

  /** Stops it; it would go on at {@link #base}. */
  void stop() {
    if (isStarted()) {
      base = served.ring().next();
      served = null;
    }
    close(kick);
    close(call);
    kick = null;
    call = null;
  }

  /** Stops it for good. */
  void close() {
    stop();
    close(error);
    error = null;
  }

  private static void close(EventCount event) {
    if (event != null) {
      event.close();
    }
  }

  @Override
  public String toString() {
    return "ring " + queue;
  }
}
