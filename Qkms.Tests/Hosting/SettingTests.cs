using Microsoft.Extensions.Configuration;
using Qkms.Api.Hosting;

namespace Qkms.Tests.Hosting;

public sealed class SettingTests
{
    [Theory]
    [InlineData("Materials:MaxKeys", "1", "100000")]
    [InlineData("Materials:MaxAge", "00:00:01", "1.00:00:00")]
    [InlineData("ShutdownTimeout", "00:00:01", "00:10:00")]
    [InlineData("Destruction:SweepInterval", "00:00:00.100", "01:00:00")]
    [InlineData("Http:AllowPlaintext", "true", "False")]
    [InlineData("Http:MaxConcurrentConnections", "1", "1000000")]
    [InlineData("Http:BodyMemory", "0", "1048576")]
    [InlineData("Crypto:StrictEngine", "true", "false")]
    [InlineData("Crypto:VerifyAfterSign", "true", "false")]
    [InlineData("Signatures:RefuseWeakHash", "true", "false")]
    [InlineData("Telemetry:TenantLabel", "true", "false")]
    [InlineData("Audit:Uses", "durable", "off")]
    [InlineData("Node:Name", "a", "Abc.d_e:f-012345678901234567890123456789012345678901234567890123")]
    [InlineData("ApiKeys:Prefix", "a", "Acme_live_0123456789_0123456789_")]
    [InlineData("Storage:Provider", "sqlite", "sqlite")]
    [InlineData("Http:AllowedOrigins", "", "https://a.example; http://localhost:5173")]
    [InlineData("Http:TrustedProxies", "", "10.0.0.0/8; ::1;127.0.0.1")]
    public void The_ends_of_a_range_are_allowed(string name, string first, string last)
    {
        Read(name, first).Should().NotThrow();
        Read(name, last).Should().NotThrow();
    }

    [Theory]
    [InlineData("Materials:MaxKeys", "0", "1 to 100000")]
    [InlineData("Materials:MaxKeys", "100001", "1 to 100000")]
    [InlineData("Materials:MaxKeys", "1,000", "1 to 100000")]
    [InlineData("Materials:MaxAge", "00:00:00.999", "00:00:01 to 1.00:00:00")]
    [InlineData("Materials:MaxAge", "1.00:00:01", "00:00:01 to 1.00:00:00")]
    [InlineData("Materials:MaxAge", "soon", "00:00:01 to 1.00:00:00")]
    [InlineData("ShutdownTimeout", "00:10:01", "00:00:01 to 00:10:00")]
    [InlineData("Destruction:SweepInterval", "00:00:00.099", "00:00:00.100 to 01:00:00")]
    [InlineData("Http:AllowPlaintext", "1", "true or false")]
    [InlineData("Http:MaxConcurrentConnections", "0", "1 to 1000000")]
    [InlineData("Http:MaxConcurrentConnections", "1000001", "1 to 1000000")]
    [InlineData("Http:BodyMemory", "-1", "0 to 1048576")]
    [InlineData("Http:BodyMemory", "1048577", "0 to 1048576")]
    [InlineData("ApiKeys:Prefix", "", "1 to 32 letters")]
    [InlineData("ApiKeys:Prefix", "Acme_live_0123456789_0123456789__", "1 to 32 letters")]
    [InlineData("Storage:Provider", "oracle", "sqlite or postgresql")]
    [InlineData("Audit:Uses", "", "durable or off")]
    [InlineData("Audit:Uses", "Off", "durable or off")]
    [InlineData("Node:Name", "", "1 to 64 letters")]
    [InlineData("Node:Name", "a b", "1 to 64 letters")]
    [InlineData("Node:Name", "01234567890123456789012345678901234567890123456789012345678901234", "1 to 64 letters")]
    [InlineData("Http:AllowedOrigins", "https://a.example;*", "origins such as")]
    [InlineData("Http:TrustedProxies", "10.0.0.1;proxy.example", "IP addresses or networks")]
    [InlineData("DataDirectory", "", "not empty")]
    public void What_is_outside_a_range_is_refused_with_name_and_range(string name, string value, string range) =>
        Read(name, value).Should().Throw<SettingsException>().Which.Message.Should().StartWith($"Qkms:{name} must be").And.Contain(range);

    [Theory]
    [InlineData("sqlite", "Host=db.example")]
    [InlineData("postgresql", "")]
    [InlineData("postgresql", null)]
    public void Provider_and_connection_string_have_to_go_together(string provider, string? connectionString)
    {
        Action read = Read(("Storage:Provider", provider), ("Storage:ConnectionString", connectionString));

        read.Should().Throw<SettingsException>().WithMessage("*Qkms:Storage:ConnectionString*");
    }

    /// <summary>F-46: also in a file, where a name may have no value, or a section for one.</summary>
    [Theory]
    [InlineData("""{"Qkms":{"Materials":{"MaxKey":5}}}""", "Qkms:Materials:MaxKey is not a setting. Did you mean Qkms:Materials:MaxKeys?")]
    [InlineData("""{"Qkms":{"Materials":{"MaxKey":null}}}""", "Qkms:Materials:MaxKey is not a setting.*")]
    [InlineData("""{"Qkms":{"Materiel":{}}}""", "Qkms:Materiel is not a setting.*")]
    [InlineData("""{"Qkms":{"Materials":"5"}}""", "Qkms:Materials is not a setting.*")]
    [InlineData("""{"Qkms":{"DataDirectory":{"Path":"x"}}}""", "Qkms:DataDirectory:Path is not a setting.*")]
    [InlineData("""{"Kestrel":{"Certificates":{"Default":{"Pth":"x"}}}}""", "Kestrel:Certificates:Default:Pth is not*Did you mean *Path?")]
    [InlineData("""{"Kestrel":{"Endpoint":{"Web":{"Url":"x"}}}}""", "Kestrel:Endpoint is not*Did you mean Kestrel:Endpoints:*")]
    public void F46_file_with_an_unknown_name_is_refused(string json, string message) =>
        ReadFile(json).Should().Throw<SettingsException>().WithMessage(message);

    [Theory]
    [InlineData("""{"Qkms":{}}""")]
    [InlineData("""{"Qkms":{"Materials":{}}}""")]
    [InlineData("""{"qkms":{"materials":{"maxkeys":5}}}""")]
    [InlineData("""{"Kestrel":{"Certificates":{"Default":{"Path":"a","KeyPath":"b","Password":"c"}}}}""")]
    [InlineData("""{"Kestrel":{"Endpoints":{"Web":{"Url":"a","SslProtocols":["Tls13"],"Sni":{"*":{"Certificate":{"Path":"a"}}}}}}}""")]
    [InlineData("""{"Kestrel":{"EndpointDefaults":{"Protocols":"Http2"}}}""")]
    public void F46_known_names_may_stand_in_a_file(string json) => ReadFile(json).Should().NotThrow();

    private static Action ReadFile(string json) => () =>
        QkmsSettings.From(new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build());

    private static Action Read(string name, string value) => Read((name, value));

    private static Action Read(params (string Name, string? Value)[] values) => () =>
        QkmsSettings.From(
            new ConfigurationBuilder().AddInMemoryCollection(values.ToDictionary(v => $"Qkms:{v.Name}", v => v.Value)).Build());
}
