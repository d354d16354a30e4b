package io.zublk.bench;

/** How {@link HtmlReport} looks: on paper and in the dark, on a wall and on a telephone. */
final class HtmlStyle {

  private HtmlStyle() {}

  /** Charts are lines of three cells, so that text keeps its size whatever the width is. */
  static final String CSS =
      """
      :root { color-scheme: light dark; --ink: #1c2430; --paper: #fbfbf9; --faint: #5f6873;
              --groove: #eeeeeb; --better: #2a9d5c; --worse: #d0503a; }
      @media (prefers-color-scheme: dark) {
        :root { --ink: #e4e6ea; --paper: #15181d; --faint: #9aa3ae; --groove: #23272e;
                --better: #37b26c; --worse: #e0664f; } }
      body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
             max-width: 64rem; margin: 2.5rem auto; padding: 0 1rem; }
      h1 { font-size: 1.6rem; }
      h2 { margin: 2.4rem 0 .2rem; font-size: 1.2rem; }
      h3 { margin: 1.2rem 0 .25rem; font-size: .95rem; }
      .hint { color: var(--faint); margin: 0 0 .4rem; }
      table { border-collapse: collapse; }
      td { padding: .1rem 1rem .1rem 0; vertical-align: top; overflow-wrap: anywhere; }
      td:first-child { color: var(--faint); white-space: nowrap; }
      .pairs { display: grid; gap: 0 2.5rem;
               grid-template-columns: repeat(auto-fit, minmax(min(28rem, 100%), 1fr)); }
      .line { display: grid; grid-template: "who track value" / 11rem 1fr 4.5rem;
              gap: 0 .6rem; align-items: center; margin: .22rem 0; font-size: .85rem; }
      .pairs .line { grid-template-columns: 13rem 1fr 3.2rem; }
      .percentiles .line { grid-template-columns: 11rem 1fr 10rem; }
      .who { grid-area: who; text-align: right; line-height: 1.2; }
      .value { grid-area: value; font-variant-numeric: tabular-nums; white-space: nowrap; }
      .track { grid-area: track; position: relative; height: 1rem; border-radius: 2px;
               background: var(--groove); }
      .track span { position: absolute; }
      .bar { top: 0; bottom: 0; border-radius: 2px; min-width: 1px; }
      .bar.better { left: 50%; background: var(--better); }
      .bar.worse { right: 50%; background: var(--worse); }
      .one { left: 50%; top: -.25rem; bottom: -.25rem; width: 1px; background: var(--ink); }
      .whisker { top: calc(50% - 1px); height: 2px; background: var(--ink);
                 box-shadow: 0 0 0 1px var(--paper); opacity: .8; }
      .range { top: calc(50% - 1px); height: 2px; }
      .dot { top: calc(50% - 4px); width: 8px; height: 8px; margin-left: -4px;
             border-radius: 50%; }
      .axis .track { background: none; }
      .axis { color: var(--faint); margin-bottom: 0; }
      .axis .track span { transform: translateX(-50%); white-space: nowrap; }
      @media (max-width: 40rem) {
        body { margin: 1rem auto; }
        .line, .pairs .line, .percentiles .line { margin: .45rem 0;
          grid-template: "who value" "track track" / 1fr auto; }
        .who { text-align: left; }
        .one { top: 0; bottom: 0; } }
      """;

  /** Ours come first and are the strong ones: by Okabe and Ito, told apart by all eyes. */
  private static final String[] COLOURS = {
    "#0072b2", "#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#999999"
  };

  /** The colour of a contender, by its place among all. */
  static String colour(int contender) {
    return COLOURS[contender % COLOURS.length];
  }
}
