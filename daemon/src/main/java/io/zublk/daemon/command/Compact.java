package io.zublk.daemon.command;

import io.zublk.daemon.control.ControlServer;
import io.zublk.store.PageStore;
import java.util.LinkedHashMap;
import java.util.Map;

/** Moves objects together so that memory comes back: zram's {@code compact}. */
public final class Compact implements Command {

  /** The command's name. */
  public static final String NAME = "compact";

  /** In the answer, bytes: the memory that the store takes less than before. */
  public static final String FREED = "freed";

  private final PageStore store;
  private final LongTask task;

  Compact(ServedDevice device) {
    this.store = device.store();
    this.task = new LongTask("compact", this::compact);
  }

  boolean isRunning() {
    return task.isRunning();
  }

  @Override
  public ControlServer.Reply carryOut(Map<String, Object> request) {
    return ControlServer.Reply.of(task.startOrGoOn());
  }

  private Map<String, Object> compact() {
    long before = store.stats().memUsedTotal();
    boolean _ = store.compact();
    boolean _ = store.trim();
    long after = store.stats().memUsedTotal();
    Map<String, Object> result = new LinkedHashMap<>();
    result.put(FREED, Math.max(0, before - after));
    result.put("mem_used_total", after);
    return result;
  }
}
