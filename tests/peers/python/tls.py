"""TLS of the Python peers: the options both take, and what they make of them."""

import ssl


def add_options(parser):
    parser.add_argument("--anchor", help="PEM file of whom to trust; with it, TLS is spoken")
    parser.add_argument("--certificate", help="PEM file of the own certificate")
    parser.add_argument("--key", help="PEM file of its key")
    parser.add_argument("--tls12", action="store_true", help="TLS 1.2 and nothing newer")


def for_station(options):
    """Trusts one root, and presents a certificate where there is one."""
    if not options.anchor:
        return None
    context = ssl.create_default_context(cafile=options.anchor)
    return finish(context, options)


def for_csms(options):
    """Presents a certificate; with an anchor, serves only who presents one that leads there."""
    if not options.certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if options.anchor:
        context.load_verify_locations(cafile=options.anchor)
        context.verify_mode = ssl.CERT_REQUIRED
    return finish(context, options)


def finish(context, options):
    if options.certificate:
        context.load_cert_chain(options.certificate, options.key)
    if options.tls12:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def seen(transport):
    """What the journal says of a connection's TLS."""
    connection = transport.get_extra_info("ssl_object")
    if connection is None:
        return {"tls": None, "client": None}
    subject = (connection.getpeercert() or {}).get("subject", ())
    names = [value for relative in subject for key, value in relative if key == "commonName"]
    return {"tls": connection.version(), "client": names[0] if names else None}
