package io.zublk.ublk;
