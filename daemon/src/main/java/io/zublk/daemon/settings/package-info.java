/** What a machine makes of what was asked for, and how a process is put there. */
package io.zublk.daemon.settings;
