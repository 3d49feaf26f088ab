;; A guest that answers a message with the same message. On one that begins with `p` it panics in an import, with `h` it hangs in an import, with `w` it
;; waits in one, and with `t` it traps. One that begins with `z` is answered with the first bytes of the guest's memory.
;;
;; Its functions have the names that the tools of the languages give them.
(component
  (import "ws-host:server/types@0.2.0" (instance $types
    (type $message-type (variant (case "text" string) (case "binary" (list u8))))
    (export "message" (type (eq $message-type)))
    (type $address-type (record (field "ip" string) (field "port" u16)))
    (export "address" (type $address (eq $address-type)))
    (type $client-type (record
      (field "id" u64) (field "address" $address) (field "path" string) (field "query" string)
      (field "headers" (list (tuple string string))) (field "subprotocol" (option string))
      (field "user" (option string))))
    (export "client" (type (eq $client-type)))
    (type $cause-type (enum
      "client" "guest" "lost" "timeout" "protocol" "too-big" "policy" "overload" "trap" "restart" "shutdown"))
    (export "close-cause" (type $cause (eq $cause-type)))
    (type $info-type (record (field "code" u16) (field "reason" string) (field "clean" bool) (field "cause" $cause)))
    (export "close-info" (type (eq $info-type)))
    (type $status-type (enum "queued" "backpressure"))
    (export "send-status" (type (eq $status-type)))
    (type $error-type (enum "no-such-client" "closing" "too-big" "limit"))
    (export "send-error" (type (eq $error-type)))))
  (alias export $types "message" (type $message))
  (alias export $types "client" (type $client))
  (alias export $types "close-info" (type $close-info))
  (alias export $types "send-status" (type $send-status))
  (alias export $types "send-error" (type $send-error))
  (import "ws-host:server/clients@0.2.0" (instance $clients
    (alias outer 1 $message (type $message-type))
    (export "message" (type $message (eq $message-type)))
    (alias outer 1 $send-status (type $status-type))
    (export "send-status" (type $send-status (eq $status-type)))
    (alias outer 1 $send-error (type $error-type))
    (export "send-error" (type $send-error (eq $error-type)))
    (export "send" (func (param "to" u64) (param "message" $message) (result (result $send-status (error $send-error)))))))
  (import "ws-host:server/misbehaviour@0.2.0" (instance $misbehaviour
    (export "panic" (func))
    (export "hang" (func))
    (export "wait" (func))))

  (core module $memory-module
    (memory (export "memory") 2)
    (data (i32.const 0) "the first bytes of the guest's memory")
    ;; Whatever the host puts here, the guest has read it before the next call.
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $memory (instantiate $memory-module))
  (core func $send (canon lower (func $clients "send") (memory $memory "memory")))
  (core func $panic (canon lower (func $misbehaviour "panic")))
  (core func $hang (canon lower (func $misbehaviour "hang")))
  (core func $wait (canon lower (func $misbehaviour "wait")))
  (core module $guest-module
    (import "memory" "memory" (memory 2))
    (import "host" "send" (func $send (param i64 i32 i32 i32 i32)))
    (import "host" "panic" (func $panic))
    (import "host" "hang" (func $hang))
    (import "host" "wait" (func $wait))
    (func (export "on-new-client") (param i64 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32))
    (func (export "ws-host:server/handler@0.2.0#on-message") (param $from i64) (param $kind i32) (param $start i32) (param $len i32)
      (if (i32.eq (i32.load8_u (local.get $start)) (i32.const 0x70)) (then (call $panic)))
      (if (i32.eq (i32.load8_u (local.get $start)) (i32.const 0x68)) (then (call $hang)))
      (if (i32.eq (i32.load8_u (local.get $start)) (i32.const 0x77)) (then (call $wait)))
      (if (i32.eq (i32.load8_u (local.get $start)) (i32.const 0x74)) (then (unreachable)))
      (if (i32.eq (i32.load8_u (local.get $start)) (i32.const 0x7a)) (then (local.set $start (i32.const 0)) (local.set $len (i32.const 37))))
      (call $send (local.get $from) (local.get $kind) (local.get $start) (local.get $len) (i32.const 512)))
    (func (export "on-client-left") (param i64 i32 i32 i32 i32 i32)))
  (core instance $guest (instantiate $guest-module
    (with "memory" (instance $memory))
    (with "host" (instance
      (export "send" (func $send))
      (export "panic" (func $panic))
      (export "hang" (func $hang))
      (export "wait" (func $wait))))))

  (func $on-new-client (param "client" $client)
    (canon lift (core func $guest "on-new-client") (memory $memory "memory") (realloc (func $memory "cabi_realloc"))))
  (func $on-message (param "from" u64) (param "message" $message)
    (canon lift (core func $guest "ws-host:server/handler@0.2.0#on-message") (memory $memory "memory") (realloc (func $memory "cabi_realloc"))))
  (func $on-client-left (param "id" u64) (param "info" $close-info)
    (canon lift (core func $guest "on-client-left") (memory $memory "memory") (realloc (func $memory "cabi_realloc"))))
  (instance $handler
    (export "on-new-client" (func $on-new-client))
    (export "on-message" (func $on-message))
    (export "on-client-left" (func $on-client-left)))
  (export "ws-host:server/handler@0.2.0" (instance $handler)))
