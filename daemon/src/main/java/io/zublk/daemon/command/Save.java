package io.zublk.daemon.command;

import io.zublk.block.Geometry;
import io.zublk.daemon.Json;
import io.zublk.daemon.UserException;
import io.zublk.daemon.control.ControlServer;
import io.zublk.daemon.control.Frames;
import io.zublk.store.SavedPages;
import io.zublk.store.StoreStats;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.util.Map;

/** Sends what a device holds at one moment, while it serves on: docs/formats/save.md. */
public final class Save implements Command {

  /** The command's name. */
  public static final String NAME = "save";

  /** In the reply: about how many bytes are to come. */
  public static final String BYTES = "bytes";

  /** In the line behind the bytes: how many pages they have, absent ones left out. */
  public static final String PAGES = "pages";

  /** Beside it: how many of those are damaged. */
  public static final String LOST_PAGES = "lost_pages";

  private final ServedDevice device;

  Save(ServedDevice device) {
    this.device = device;
  }

  @Override
  public ControlServer.Reply carryOut(Map<String, Object> request) {
    StoreStats stats = device.store().stats();
    long words = stats.origDataSize() / Geometry.PAGE_BYTES * Long.BYTES;
    Map<String, Object> body = Map.of(BYTES, stats.comprDataSize() + words);
    return ControlServer.Reply.streaming(body, this::send);
  }

  private void send(ByteChannel client) throws IOException {
    Frames frames = new Frames(client);
    Map<String, Object> end;
    try {
      SavedPages saved = device.store().save(frames.sender());
      end = Map.of(PAGES, saved.pages(), LOST_PAGES, saved.lostPages());
    } catch (IOException e) {
      String why = UserException.lineFor(e);
      end =
          Map.of(
              ControlServer.ERROR,
              "device %d cannot be saved: %s".formatted(device.record().id(), why));
    }
    frames.end(Json.line(end));
  }
}
