"""Events, venues and rooms: creating, publishing, cancelling and finding them."""
