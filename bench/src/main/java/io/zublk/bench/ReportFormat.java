package io.zublk.bench;

/** How a report is written down. */
public enum ReportFormat {
  TEXT {
    @Override
    public String render(Report report) {
      return TextReport.of(report);
    }
  },
  JSON {
    @Override
    public String render(Report report) {
      return JsonReport.of(report);
    }
  },
  HTML {
    @Override
    public String render(Report report) {
      return HtmlReport.of(report);
    }
  };

  /** The whole document. */
  public abstract String render(Report report);
}
