package io.zublk.vhost.io;

import io.zublk.uring.sys.EventCount;
import io.zublk.vhost.memory.GuestMemory;
import io.zublk.vhost.ring.InflightQueue;
import io.zublk.vhost.ring.SplitRing;

/**
 * A ring while it is started and enabled, with all that its thread needs to serve it. Others change
 * it only while that thread is {@linkplain RingThreads#change paused}.
 */
public final class ServedRing {

  final int queue;
  final SplitRing ring;
  final InflightQueue inflight;
  GuestMemory memory;

  /** Null: the client never kicks. */
  EventCount kick;

  /** Null: the client is never called. */
  EventCount call;

  /** Null: it does not learn of errors. */
  EventCount error;

  /** Chains that an earlier process has taken and not given back; served first. */
  int[] leftOver = {};

  int leftOverDone;

  /** Whether the client is to be called once, whatever it has asked for. */
  boolean callDue;

  /** Whether the client broke its rules, so that nothing in it has a meaning. */
  boolean broken;

  /**
   * A ring to be served.
   *
   * @param inflight where it is noted what is in flight; null if nowhere
   */
  public ServedRing(int queue, SplitRing ring, InflightQueue inflight, GuestMemory memory) {
    this.queue = queue;
    this.ring = ring;
    this.inflight = inflight;
    this.memory = memory;
  }

  /** Serves such chains first. */
  public void setLeftOver(int[] heads) {
    leftOver = heads;
  }

  /** How the client kicks for it, is called and learns of errors; each null if not. */
  public void setEvents(EventCount newKick, EventCount newCall, EventCount newError) {
    kick = newKick;
    call = newCall;
    error = newError;
  }

  /** Calls the client before anything else is done, for it may have missed a call. */
  public void callOnce() {
    callDue = true;
  }

  /** Goes on with other mappings of the same memory. */
  public void setMemory(GuestMemory newMemory, SplitRing.Areas areas) {
    memory = newMemory;
    ring.setAreas(areas);
  }

  /** Serves it no more: its memory is gone. */
  public void breakOff() {
    broken = true;
  }

  /** Where it stands. */
  public SplitRing ring() {
    return ring;
  }

  boolean hasLeftOver() {
    return leftOverDone < leftOver.length;
  }
}
