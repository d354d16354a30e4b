package io.zublk.ublk.control;

import java.io.IOException;

/** The commands by which a device ends; see {@link UblkControl}. */
public interface EndCommands {

  void stop(int id) throws IOException;

  void delete(int id) throws IOException;
}
