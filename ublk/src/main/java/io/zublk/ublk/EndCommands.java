package io.zublk.ublk;

import java.io.IOException;

/** The commands by which a device ends; see {@link UblkControl}. */
interface EndCommands {

  void stop(int id) throws IOException;

  void delete(int id) throws IOException;
}
