package io.zublk.cli;
