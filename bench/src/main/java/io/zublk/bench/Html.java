package io.zublk.bench;

import java.util.Locale;

/** Text of a page, and the one building block of its charts. */
@SuppressWarnings("AnnotateFormatMethod") // the annotation is a library of its own
final class Html {

  private final StringBuilder text = new StringBuilder();

  /** Adds markup; figures are written as in English, whatever the user speaks. */
  void add(String format, Object... values) {
    text.append(format(format, values));
  }

  /** Adds a line of a chart: a name, what is drawn, and a figure. */
  void line(String name, String marks, String figure) {
    add(
        "<div class=\"line\"><span class=\"who\">%s</span><span class=\"track\">%s</span>"
            + "<span class=\"value\">%s</span></div>\n",
        escape(name), marks, escape(figure));
  }

  @Override
  public String toString() {
    return text.toString();
  }

  static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  /** As in text reports, with thousands apart. */
  static String number(double value) {
    return value >= 1000 ? format("%,.0f", value) : Report.number(value);
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
