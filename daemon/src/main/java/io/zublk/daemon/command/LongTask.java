package io.zublk.daemon.command;

import io.zublk.daemon.UserException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What a command does that may take long: it goes on in a thread of its own while the command is
 * answered, and whoever asks for the command again waits for the rest. The control socket's thread.
 */
public final class LongTask {

  /** In the answer, true: it is not over, ask again. */
  public static final String UNDER_WAY = "under_way";

  /** Less than a client that hangs may take: others wait for the control socket meanwhile. */
  private static final Duration PATIENCE = Duration.ofMillis(500);

  private final String name;
  private final Callable<Map<String, Object>> work;
  private FutureTask<Map<String, Object>> current;

  LongTask(String name, Callable<Map<String, Object>> work) {
    this.name = name;
    this.work = work;
  }

  /** Whether there is work to be done still; else there may be a result that nobody has heard. */
  boolean isRunning() {
    return current != null && !current.isDone();
  }

  boolean isUnderWay() {
    return current != null;
  }

  /** Starts the work unless it is under way; its result, or that it is under way still. */
  Map<String, Object> startOrGoOn() {
    if (current == null) {
      current = new FutureTask<>(work);
      Thread.ofPlatform().daemon().name(name).start(current);
    }
    try {
      Map<String, Object> result = current.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      current = null;
      return result;
    } catch (TimeoutException e) {
      return Map.of(UNDER_WAY, true);
    } catch (ExecutionException e) {
      current = null;
      throw new UserException(UserException.lineFor(e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("the device is ending", e);
    }
  }
}
