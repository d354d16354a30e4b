package io.zublk.bench;

/** How a report is written down. */
public enum ReportFormat {
  TEXT {
    @Override
    public String render(Report report, int width) {
      return TextReport.of(report, width);
    }
  },
  JSON {
    @Override
    public String render(Report report, int width) {
      return JsonReport.of(report);
    }
  },
  HTML {
    @Override
    public String render(Report report, int width) {
      return HtmlReport.of(report);
    }
  };

  /** The whole document; as text, with tables of at most {@code width} columns. */
  public abstract String render(Report report, int width);
}
