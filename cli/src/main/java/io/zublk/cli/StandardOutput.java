package io.zublk.cli;

import io.zublk.daemon.UserException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/**
 * This process's standard output, with writes that can fail: {@link System#out} would swallow it,
 * and a command whose answer nobody got would have succeeded.
 */
final class StandardOutput {

  private final Remembering stream;
  private final PrintWriter writer;

  StandardOutput() {
    this(new FileOutputStream(FileDescriptor.out));
  }

  StandardOutput(OutputStream stream) {
    this.stream = new Remembering(stream);
    this.writer = new PrintWriter(new OutputStreamWriter(this.stream, StandardCharsets.UTF_8));
  }

  PrintWriter writer() {
    return writer;
  }

  /**
   * Hands over what was printed so far.
   *
   * @throws UserException if not all of it was taken
   */
  void requireTaken() {
    writer.flush();
    if (stream.failure != null) {
      throw new UserException(
          "cannot write to standard output: " + stream.failure.getMessage(), stream.failure);
    }
  }

  /** Keeps the failure that {@link PrintWriter} only counts. */
  private static final class Remembering extends FilterOutputStream {

    private IOException failure;

    Remembering(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        out.write(bytes, offset, length);
      } catch (IOException e) {
        failure = e;
        throw e;
      }
    }
  }
}
