/** The command line: parses, asks {@code io.zublk.daemon}, prints. It decides nothing itself. */
package io.zublk.cli;
