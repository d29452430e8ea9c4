using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Qkms.Api.Http;

/// <summary>How JSON is read and written. Each feature has a context of its types, for which code is generated at build time.</summary>
internal static class ApiJson
{
    /// <summary>snake_case, case-sensitive, strict about types, and neither unknown nor repeated members.</summary>
    public static void Configure(JsonSerializerOptions options, IEnumerable<IJsonTypeInfoResolver> features)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.PropertyNameCaseInsensitive = false;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.AllowDuplicateProperties = false;
        options.Converters.Add(new UtcConverter());
        options.Converters.Add(new Base64BytesConverter());
        options.Converters.Add(new SecretBytesConverter());
        foreach (IJsonTypeInfoResolver feature in features)
            options.TypeInfoResolverChain.Insert(0, feature);
    }
}
