package io.zublk.uring.sys;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ErrnosTest {

  @Test
  void namesFollowTheNumbers() {
    assertThat(Errnos.name(Errnos.EPERM)).isEqualTo("EPERM");
    assertThat(Errnos.name(Errnos.ENOSYS)).isEqualTo("ENOSYS");
    assertThat(Errnos.name(Errnos.EBADR)).isEqualTo("EBADR");
    assertThat(Errnos.name(Errnos.ETIME)).isEqualTo("ETIME");
    assertThat(Errnos.name(Errnos.EOPNOTSUPP)).isEqualTo("EOPNOTSUPP");
    assertThat(Errnos.name(Errnos.ETIMEDOUT)).isEqualTo("ETIMEDOUT");
    assertThat(Errnos.name(Errnos.ECANCELED)).isEqualTo("ECANCELED");
    assertThat(Errnos.name(133)).isEqualTo("EHWPOISON");
  }

  @Test
  void unknownNumbersStayNumbers() {
    assertThat(Errnos.name(41)).isEqualTo("errno 41");
    assertThat(Errnos.name(0)).isEqualTo("errno 0");
    assertThat(Errnos.name(4095)).isEqualTo("errno 4095");
  }

  @Test
  void messagesAreTheCLibrarys() {
    assertThat(Errnos.message(Errnos.ENOENT)).isEqualTo("No such file or directory");
  }
}
