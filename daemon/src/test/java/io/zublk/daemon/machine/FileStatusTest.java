package io.zublk.daemon.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStatusTest {

  @TempDir private Path temp;

  private static FileStatus status(Path path) throws IOException {
    return FileStatus.of(path).orElseThrow();
  }

  @Test
  void tellsWhatAThingIs() throws IOException {
    Path file = Files.createFile(temp.resolve("file"));
    assertThat(status(file).isRegularFile()).isTrue();
    assertThat(status(file).owner()).isEqualTo(ProcFs.effectiveUid());
    assertThat(status(temp).isDirectory()).isTrue();
    assertThat(status(temp).isRegularFile()).isFalse();
    Path link = Files.createSymbolicLink(temp.resolve("link"), file);
    assertThat(status(link).isLink()).isTrue();
    assertThat(status(link).isRegularFile()).isFalse();
    assertThat(status(Path.of("/dev/null")).isSocket()).isFalse();
    Path socket = temp.resolve("socket");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      assertThat(status(socket).isSocket()).isTrue();
    }
    assertThat(FileStatus.of(temp.resolve("nothing"))).isEmpty();
  }

  @Test
  void tellsWhoMayChangeADirectory() throws IOException {
    Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwxr-xr-x"));
    assertThat(status(temp).isWritableByGroupOrOthers()).isFalse();
    Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwxrwx---"));
    assertThat(status(temp).isWritableByGroupOrOthers()).isTrue();
    assertThat(status(temp).isFreeForAll()).isFalse();
    Files.setAttribute(temp, "unix:mode", 01777);
    assertThat(status(temp).isFreeForAll()).isFalse();
    Files.setAttribute(temp, "unix:mode", 0777);
    assertThat(status(temp).isFreeForAll()).isTrue();
  }

  @Test
  void deletesAFileButNotItsSuccessor() throws IOException {
    Path file = Files.createFile(temp.resolve("file"));
    FileStatus first = status(file);
    Files.move(file, temp.resolve("elsewhere"));
    first.deleteIfStillAt(file);
    Files.createFile(file);
    first.deleteIfStillAt(file);
    assertThat(file).exists();
    status(file).deleteIfStillAt(file);
    assertThat(file).doesNotExist();
  }
}
