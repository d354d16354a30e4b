package io.zublk.uring;
