#include "core/io/rabbitmq/message_encoder.hpp"

#include <vector>

#include "core/io/rabbitmq/connection.hpp"

namespace elasticity::rabbitmq {
namespace {

void set_text(amqp_basic_properties_t& properties, amqp_flags_t flag, amqp_bytes_t& field,
              const std::string& text) {
    if (text.empty() || text.size() > short_text_bytes_max) return;
    properties._flags |= flag;
    field = view_of(text);
}

std::vector<amqp_table_entry_t> header_entries(const OutboundMessage& message) {
    std::vector<amqp_table_entry_t> entries;
    for (const auto& [key, value] : message.headers) {
        amqp_table_entry_t entry{};
        entry.key = view_of(key);
        entry.value.kind = AMQP_FIELD_KIND_UTF8;
        entry.value.value.bytes = view_of(value);
        entries.push_back(entry);
    }
    return entries;
}

}  // namespace

Result<void> send_message(Connection& connection, amqp_channel_t channel, const OutboundMessage& message,
                          bool mandatory) {
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    set_text(properties, AMQP_BASIC_CONTENT_TYPE_FLAG, properties.content_type, message.content_type);
    set_text(properties, AMQP_BASIC_MESSAGE_ID_FLAG, properties.message_id, message.message_id);
    set_text(properties, AMQP_BASIC_CORRELATION_ID_FLAG, properties.correlation_id, message.correlation_id);
    set_text(properties, AMQP_BASIC_REPLY_TO_FLAG, properties.reply_to, message.reply_to);
    const std::string expiration = message.expiration_ms ? std::to_string(*message.expiration_ms) : "";
    set_text(properties, AMQP_BASIC_EXPIRATION_FLAG, properties.expiration, expiration);
    std::vector<amqp_table_entry_t> headers = header_entries(message);
    if (!headers.empty()) {
        properties._flags |= AMQP_BASIC_HEADERS_FLAG;
        properties.headers = {static_cast<int>(headers.size()), headers.data()};
    }
    return connection.publish(channel, message.queue, mandatory, properties, message.body);
}

}  // namespace elasticity::rabbitmq
