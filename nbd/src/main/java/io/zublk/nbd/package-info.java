package io.zublk.nbd;
