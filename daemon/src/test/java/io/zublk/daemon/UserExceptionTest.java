package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class UserExceptionTest {

  @Test
  void isOneLineThatExplains() {
    assertThat(UserException.lineFor(new UserException("a\n  b"))).isEqualTo("a b");
    assertThat(UserException.lineFor(new IOException("disk full"))).isEqualTo("disk full");
    assertThat(UserException.lineFor(new NoSuchFileException("/x")))
        .isEqualTo("NoSuchFileException: /x");
    assertThat(UserException.lineFor(new NullPointerException())).isEqualTo("NullPointerException");
  }
}
