package io.zublk.daemon;
