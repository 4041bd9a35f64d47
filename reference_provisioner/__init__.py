"""The reference provisioner: the five duties of the ESPF page between PortaBilling and an asynchronous OMS.

Read the modules in the order of the page:

1. `receive_events`         the ESPF calls us
2. `query_subscriber`       we call PortaBilling
3. `send_order`             we call the OMS
4. `receive_notifications`  the OMS calls us, minutes or hours later
5. `update_status`          we call the ESPF

Behind them, `store` keeps what was acknowledged and `outbox` what is still to be done; `worker` does it, one
step at a time. docs/writing-a-provisioner.md walks through all modules, and says why each guard is there.
"""
