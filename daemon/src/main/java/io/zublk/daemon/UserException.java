package io.zublk.daemon;

/**
 * A failure that its reader can act on. The message is the one line the user sees: what failed,
 * why, and what to do about it.
 */
public class UserException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public UserException(String message) {
    super(message);
  }

  public UserException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * The one line to show for any failure: the message where there is one, since an exception's
   * class tells users nothing, and the class only where there is none.
   */
  public static String lineFor(Throwable failure) {
    String message = failure.getMessage();
    String line =
        failure instanceof UserException || hasExplainingMessage(failure)
            ? message
            : failure.getClass().getSimpleName() + (message == null ? "" : ": " + message);
    return line.replaceAll("\\s*\\R\\s*", " ").strip();
  }

  private static boolean hasExplainingMessage(Throwable failure) {
    // File system exceptions carry only a path: there the class name is half the sentence.
    return failure.getMessage() != null
        && !(failure instanceof java.nio.file.FileSystemException)
        && (failure instanceof java.io.IOException
            || failure instanceof IllegalArgumentException
            || failure instanceof UnsupportedOperationException);
  }
}
