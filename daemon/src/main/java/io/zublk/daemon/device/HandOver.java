package io.zublk.daemon.device;

import io.zublk.block.Threads;
import io.zublk.daemon.DeviceBusyException;
import io.zublk.daemon.UserException;
import io.zublk.daemon.command.Edition;
import io.zublk.daemon.command.HandingOver;
import io.zublk.daemon.command.OwnRecord;
import io.zublk.daemon.log.DeviceLog;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.transport.Offer;
import io.zublk.daemon.transport.Transport;
import io.zublk.uring.sys.LinuxSocket;
import io.zublk.uring.sys.PollSet;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Leaves the device of this process to another one, which comes when it is ready; {@link
 * Predecessor} is the other end. Until the main thread takes the device down for it, whatever goes
 * wrong has no other effect than that users have waited.
 */
final class HandOver implements HandingOver {

  /** Between a process's question and its coming there is nothing to do. */
  private static final Duration COMING_LIMIT = Duration.ofSeconds(10);

  /** It waits for the run directory, which others hold for 20 s at most. */
  private static final Duration GO_LIMIT = Duration.ofSeconds(30);

  /** How long clients may take for their replies; others wait meanwhile. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** What the other process does at last, it does in a second; a busy machine may take longer. */
  private static final Duration SERVING_LIMIT = Duration.ofSeconds(60);

  private static final int SLICE_MILLIS = 20;

  private final DeviceDir dir;
  private final Edition edition = Edition.ofThisProgram();
  private final int layout;
  private final boolean isAwaited;
  private final Rehearsal rehearsal;
  private final Transport transport;
  private final OwnRecord record;
  private final StopRequest stop;
  private final DeviceLog log;
  private final Stopwatch watch = new Stopwatch();

  // Guarded by this.
  private Thread thread;
  private boolean cancelled;
  private Talk talk;

  private volatile boolean isUnderWay;

  /**
   * Prepares to be asked.
   *
   * @param layout that of the store file
   * @param isAwaited whether somebody waits for this process to end, who would think that the
   *     device ends with it
   */
  HandOver(
      DeviceDir dir,
      int layout,
      boolean isAwaited,
      Rehearsal rehearsal,
      Transport transport,
      OwnRecord record,
      StopRequest stop,
      DeviceLog log) {
    this.dir = dir;
    this.layout = layout;
    this.isAwaited = isAwaited;
    this.rehearsal = rehearsal;
    this.transport = transport;
    this.record = record;
    this.stop = stop;
    this.log = log;
  }

  @Override
  public boolean isUnderWay() {
    return isUnderWay;
  }

  /** One at a time: the next may come when the last one has failed. */
  @Override
  public synchronized Path begin(Edition next) {
    if (cancelled) {
      throw new UserException("device %d is ending".formatted(dir.id()));
    }
    if (isUnderWay) {
      throw new DeviceBusyException("device %d is being upgraded already".formatted(dir.id()));
    }
    if (isAwaited) {
      throw new UserException(
          ("device %d runs in the foreground of process %d, whose end somebody waits for;"
                  + " only what runs in the background can be upgraded")
              .formatted(dir.id(), ProcessHandle.current().pid()));
    }
    if (record.record().config().swap()) {
      throw new UserException(
          "device %d is for swap (--swap): in the pause of an upgrade memory may be what it waits for"
              .formatted(dir.id()));
    }
    edition
        .objectionTo(next, layout)
        .ifPresent(why -> {
          throw new UserException(
              "device %d cannot be upgraded: the installed zublk, %s".formatted(dir.id(), why));
        });
    LinuxSocket listener = listen();
    isUnderWay = true;
    thread = Thread.ofPlatform().daemon().name("hand-over").unstarted(() -> run(listener));
    thread.start();
    return dir.upgradeSocket();
  }

  private LinuxSocket listen() {
    try {
      Files.deleteIfExists(dir.upgradeSocket()); // of a process that was killed
      UnixDomainSocketAddress address = UnixDomainSocketAddress.of(dir.upgradeSocket());
      LinuxSocket listener = LinuxSocket.openListening(address);
      try {
        listener.bind(address);
        listener.listen(1);
        return listener;
      } catch (IOException e) {
        listener.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UserException(
          "cannot listen at %s: %s".formatted(dir.upgradeSocket(), UserException.lineFor(e)), e);
    }
  }

  private void run(LinuxSocket listener) {
    boolean left = false;
    try {
      Talk begun = accept(listener);
      prepare(begun);
      left = leave(begun);
    } catch (Throwable e) {
      log.line("not handed over, and serving on: " + UserException.lineFor(e));
    } finally {
      if (!left) {
        end();
      }
    }
  }

  private Talk accept(LinuxSocket listener) throws IOException {
    PollSet incoming = new PollSet(listener.fd());
    long deadline = System.nanoTime() + COMING_LIMIT.toNanos();
    try (listener) {
      while (!isCancelled() && System.nanoTime() < deadline) {
        int _ = incoming.await(SLICE_MILLIS);
        LinuxSocket client = listener.accept();
        if (client != null) {
          return begin(client);
        }
      }
      throw new IOException("the process that asked for it has not come");
    } finally {
      Files.deleteIfExists(dir.upgradeSocket());
    }
  }

  private synchronized Talk begin(LinuxSocket client) throws IOException {
    talk = new Talk(client);
    if (cancelled) {
      talk.cancel();
    }
    return talk;
  }

  private synchronized boolean isCancelled() {
    return cancelled;
  }

  private void prepare(Talk begun) throws IOException {
    try {
      rehearsal.run(record.record().config());
      begun.say(Talk.Word.READY);
      begun.expect(Talk.Word.GO, GO_LIMIT);
    } catch (Throwable e) {
      callOff(begun, UserException.lineFor(e));
      throw e;
    }
  }

  /** Users wait from here on, until they are served by the one or the other. */
  private boolean leave(Talk begun) throws IOException {
    Offer offer = null;
    boolean left = false;
    try {
      record.update(serving -> serving.withState(DeviceRecord.State.HANDING_OVER));
      watch.begin();
      offer = transport.offer(PATIENCE);
      watch.done("users stopped");
      begun.say(Talk.Word.FILES);
      offer.send(begun.socket());
      begun.expect(Talk.Word.TAKEN, Talk.LIMIT);
      watch.done("sent");
      left = stop.handOver("another process takes it over");
      if (!left) {
        throw new IOException("the device is ending: " + stop.reason());
      }
      return true;
    } catch (Throwable e) {
      callOff(begun, UserException.lineFor(e));
      throw e;
    } finally {
      if (!left) {
        if (offer != null) {
          offer.takeBack();
        }
        record.update(handingOver -> handingOver.withState(DeviceRecord.State.SERVING));
      }
    }
  }

  /** It may have everything that it needs; it must have heard this before anybody is served. */
  private static void callOff(Talk begun, String reason) {
    try {
      begun.say(Talk.Word.OFF, reason);
    } catch (IOException e) {
      // It is gone, or has not taken what came before; then it will find that we are.
      begun.socket().shutDown(LinuxSocket.SHUT_RDWR);
    }
  }

  private synchronized void end() {
    if (talk != null) {
      talk.close();
      talk = null;
    }
    isUnderWay = false;
  }

  /** No process is let in from now on; when this returns, the device is this one's, or left. */
  void settle() {
    Thread running;
    synchronized (this) {
      cancelled = true;
      running = thread;
      // When it is left, there is one word more to hear, at a time that is not ours to say.
      if (talk != null && stop.outcome() != Outcome.HAND_OVER) {
        talk.cancel();
      }
    }
    if (running != null) {
      Threads.join(running);
    }
  }

  /**
   * Users are served again as soon as the other process has heard that it may.
   *
   * @return whether it does
   */
  boolean finish(boolean isClean) {
    try (Talk begun = talk) {
      if (!isClean) {
        begun.say(Talk.Word.OFF, "process %d could not let go of it".formatted(own()));
        return false;
      }
      begun.say(Talk.Word.YOURS);
      begun.expect(Talk.Word.SERVING, SERVING_LIMIT);
      return true;
    } catch (IOException e) {
      return false; // the log is the other one's by now
    }
  }

  private static long own() {
    return ProcessHandle.current().pid();
  }

  /** How long users wait for what. */
  Stopwatch watch() {
    return watch;
  }
}
